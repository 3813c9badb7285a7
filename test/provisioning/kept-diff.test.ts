import { expect, test } from '@jest/globals'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import { loadPhoneData } from '../../src/phone-data.js'
import { diffEntries } from '../../src/provisioning/kept-diff.js'

const TOKEN = 'jsbb0kxpbzf7n5qjs9sg5c5kr1qz87ty'
const NOTHING = { attributes: {} }

test('the token of an address is masked, though nothing has that name any more', () => {
  const model = loadPhoneData({}).catalog.model('yealink/t21p-e2') as PhoneModel
  const url = `http://192.0.2.5:8080/${TOKEN}/`
  const before = [
    { name: 'auto_provision.server.url', value: url, ...NOTHING },
    { name: 'account.1.password', value: 'Correct horse', ...NOTHING },
  ]
  const told = JSON.stringify(diffEntries(model, before, []))
  expect(told).toContain('auto_provision.server.url = http://192.0.2.5:8080/[token]/')
  expect(told).not.toContain(TOKEN)
  expect(told).not.toContain('Correct horse')
})
