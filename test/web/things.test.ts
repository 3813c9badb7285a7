import { expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import type { PageCall } from '../../src/web/page.js'
import { thingOf, whoDid } from '../../src/web/pages/things.js'

const snapshot = {
  extension: (id: string) => (id === 'p1' ? { number: '101', displayName: 'Anna Berg' } : undefined),
  device: (id: string) => (id === 'd1' ? { mac: '805ec0000001' as Mac, name: 'Front desk' } : undefined),
  site: (id: string) => (id === 's1' ? { slug: 'hamburg' } : undefined),
}
const call = { parts: { snapshot, viewSources: { snapshot } } } as unknown as PageCall

test.each([
  ['extension', 'p1', '101 Anna Berg'],
  ['device', 'd1', '80:5e:c0:00:00:01 Front desk'],
  ['setting', 'extension:p1:language', 'extension · 101 Anna Berg · language'],
  ['setting', 'site:s1:dtmf', 'site · hamburg · dtmf'],
  ['setting', 'global::dtmf', 'global · dtmf'],
  ['extension', 'p9', 'p9'],
])('a change of %s %s is named as people know it, while it is there', (entity, entityId, name) => {
  expect(thingOf(call, { entity, entityId })).toBe(name)
})

test('an account is called by its name, anything else says what it is', () => {
  expect([whoDid('admin:anna'), whoDid('cli:root')]).toEqual(['anna', 'cli:root'])
})
