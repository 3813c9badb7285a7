import { expect, test } from '@jest/globals'
import { generateDevices, planPhones } from '../../src/simulator/plan.js'

test('generated phones take the models in turn and have MAC addresses of their own', () => {
  const devices = generateDevices(5, ['yealink/t28p', 'snom/d120'])
  expect(devices).toEqual([
    { model: 'yealink/t28p', mac: '001565000001' },
    { model: 'snom/d120', mac: '000413820002' },
    { model: 'yealink/t28p', mac: '001565000003' },
    { model: 'snom/d120', mac: '000413820004' },
    { model: 'yealink/t28p', mac: '001565000005' },
  ])
  expect(generateDevices(5, ['yealink/t28p', 'snom/d120'])).toEqual(devices)
  expect(generateDevices(3, [])).toEqual([])
  expect(() => generateDevices(1, ['acme/1'])).toThrow('acme/1')
})

test('a share of the phones fetches by TFTP, evenly spread', () => {
  const transports = (share: number) =>
    planPhones(generateDevices(10, ['snom/d120']), share, false).map(({ transport }) => transport.charAt(0))
  expect(transports(0).join('')).toBe('hhhhhhhhhh')
  expect(transports(0.3).join('')).toBe('hhhthhthht')
  expect(transports(1).join('')).toBe('tttttttttt')
})

test('addresses are given only when asked for', () => {
  const devices = generateDevices(2, ['snom/d120'])
  expect(planPhones(devices, 0, true).map(({ localAddress }) => localAddress)).toEqual(['127.1.0.1', '127.1.0.2'])
  expect(planPhones(devices, 0, false)[0]).not.toHaveProperty('localAddress')
})
