import { expect, test } from '@jest/globals'
import { parseMac, type Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { generatedMac, SIMULATED_MODELS, yealinkGeneration } from '../../src/simulator/models.js'

const mac = '0004138212ab' as Mac
const model = (id: string) => {
  const found = SIMULATED_MODELS.get(id)
  if (!found) throw new Error(id)
  return found
}

test.each([
  ['yealink/t19p', 'Yealink SIP-T19P 31.72.0.75 00:04:13:82:12:ab'],
  ['yealink/t19p-e2', 'Yealink SIP-T19P_E2 53.84.0.125 00:04:13:82:12:ab'],
  ['yealink/t21p', 'Yealink SIP-T21P 34.72.0.75 00:04:13:82:12:ab'],
  ['yealink/t21p-e2', 'Yealink SIP-T21P_E2 52.84.0.125 00:04:13:82:12:ab'],
  ['yealink/t28p', 'Yealink SIP-T28P 2.73.0.50 00:04:13:82:12:ab'],
  ['snom/d120', 'Mozilla/4.0 (compatible; snomD120-SIP 10.1.54.13 2010.12-00004-g9ba52f5 0004138212AB SXM:0 UXM:0)'],
  [
    'snom/d785',
    'Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 0004138212AB SXM:0 UXM:0 UXMC:0)',
  ],
  ['grandstream/gxp1628', 'Grandstream Model HW GXP1628 SW 1.0.4.138 DevId 0004138212ab'],
  ['grandstream/gxp2160', 'Grandstream Model HW GXP2160 SW 1.0.11.85 DevId 0004138212ab'],
  ['grandstream/grp2614', 'Grandstream Model HW GRP2614 SW 1.0.5.15 DevId 0004138212ab'],
])('%s sends its User-Agent', (id, expected) => {
  expect(model(id).httpUserAgent(mac)).toBe(expected)
})

test('a SIP User-Agent holds no MAC address', () => {
  expect(model('yealink/t21p-e2').sipUserAgent).toBe('Yealink SIP-T21P_E2 52.84.0.125')
  expect(model('snom/d120').sipUserAgent).toBe('snomD120/10.1.54.13')
})

test('the generation of a Yealink firmware is its second number', () => {
  expect(yealinkGeneration('52.84.0.125')).toBe(84)
  expect(yealinkGeneration('2.73.0.50')).toBe(73)
})

test('generated MAC addresses are real ones of the vendor, and differ', () => {
  for (const each of SIMULATED_MODELS.values()) {
    const macs = [0, 1, 499].map((n) => generatedMac(each, n))
    expect(new Set(macs).size).toBe(3)
    for (const generated of macs) expect(parseMac(generated)).toBe(generated)
  }
  expect(generatedMac(model('snom/d120'), 0)).toBe('000413820001')
  expect(generatedMac(model('grandstream/gxp1628'), 15)).toBe('c074ad000010')
})

test('every phone has a loopback address of its own, outside 127.0.0.0/24', () => {
  expect([0, 253, 254, 65_023, 65_024].map(loopbackAddress)).toEqual([
    '127.1.0.1',
    '127.1.0.254',
    '127.1.1.1',
    '127.1.255.254',
    '127.2.0.1',
  ])
  expect(new Set(Array.from({ length: 2000 }, (_, n) => loopbackAddress(n))).size).toBe(2000)
})
