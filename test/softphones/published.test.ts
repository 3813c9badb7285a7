import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { addressFor, parsePublished, publishedAddresses } from '../../src/softphones/published.js'
import { openOffice, type Office } from '../support/office.js'
import { eventually } from '../support/server.js'

const FIELD = 'PHONEBOOT_PUBLISHED_ADDRESSES'

test('names, hosts, ports and networks of desk phones are read; the first network that holds a phone is its', () => {
  const given = parsePublished(
    'office=10.0.0.5 from:10.0.0.0/16 from:fd00::/8; internet = pbx.example.com https:443 sip:15060, v6=[2001:db8::5]',
    FIELD,
  )
  expect(given.map(({ name, host, ports, from }) => [name, host, ports, from.cidrs])).toEqual([
    ['office', '10.0.0.5', {}, ['10.0.0.0/16', 'fd00::/8']],
    ['internet', 'pbx.example.com', { https: 443, sip: 15060 }, []],
    ['v6', '[2001:db8::5]', {}, []],
  ])
  const named = (peer: string): string | undefined => addressFor(given, peer)?.name
  expect([named('10.0.3.4'), named('fd12::1'), named('10.1.0.1'), named('203.0.113.9')]).toEqual([
    ...['office', 'office'],
    ...[undefined, undefined],
  ])
  const [, internet] = publishedAddresses(given, 'unused', { sip: 5060, sips: 5061, http: 80, https: 8443 })
  expect(internet).toMatchObject({ host: 'pbx.example.com', sipPort: 15060, tlsPort: 5061, httpsPort: 443 })
})

test.each(['office', 'a=b c', 'a=b from:10.0.0.0/99', 'a=b from:', 'a=b sip:70000', 'a=b smtp:25', 'a=b, a=c'])(
  '"%s" is refused, by name',
  (text) => {
    expect(() => parsePublished(text, FIELD)).toThrow(FIELD)
  },
)

let office: Office
beforeAll(async () => {
  office = await openOffice({
    [FIELD]: 'office=10.0.0.5 from:127.0.0.8/30 sip:15060, internet=pbx.example.com from:127.0.0.12/32',
  })
  await office.installation.extensions.add('test', { number: '101', name: 'Ann' })
  const phone = { mac: '001565aabbcc', model: 'yealink/t21p-e2', lines: [{ extension: '101' }] }
  await office.installation.devices.add('test', phone)
})
afterAll(() => office?.stop())

test('a desk phone registers where its own network reaches the server', async () => {
  const asked = (localAddress: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const url = `http://127.0.0.1:${office.ports.http}/001565aabbcc.cfg`
      const sent = request(url, { localAddress, headers: { Connection: 'close' } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () =>
          resolve(/^account\.1\.sip_server\.1\.(?:address|port) = .*$/gm.exec(text)?.[0] ?? text),
        )
      })
      sent.on('error', reject)
      sent.end()
    })
  await eventually(async () => expect(await asked('127.0.0.9')).toBe('account.1.sip_server.1.address = 10.0.0.5'))
  expect(await asked('127.0.0.12')).toBe('account.1.sip_server.1.address = pbx.example.com')
  expect(await asked('127.0.0.1')).toBe('account.1.sip_server.1.address = 127.0.0.1')
})
