import { expect, test } from '@jest/globals'
import { mayBeOpenedBy } from '../../src/sip/origin.js'

const OWN = ['phones.example.com', '192.0.2.5', '2001:db8::5']

test.each([
  ['https://phones.example.com', true],
  ['https://PHONES.example.com:8443', true],
  ['http://192.0.2.5:3000', true],
  ['https://[2001:db8::5]', true],
  ['https://crm.example', true],
  ['HTTPS://CRM.example', true],
  ['https://crm.example:8443', false],
  ['http://crm.example', false],
  ['https://phones.example.com.evil.example', false],
  ['https://evil.example/phones.example.com', false],
  ['null', false],
  ['file://', false],
  ['', false],
])('a page of "%s" may speak SIP: %s', (origin, may) => {
  expect(mayBeOpenedBy(origin, ['https://crm.example'], OWN)).toBe(may)
})

test('all means all', () => {
  expect(mayBeOpenedBy('null', 'all', [])).toBe(true)
})
