import { describe, expect, test } from '@jest/globals'
import { manualRules } from '../../src/settings/manual-sections.js'
import { allowedNetworks } from '../../src/snapshot/allowed-networks.js'
import { registrationLimit } from '../../src/snapshot/registration-limit.js'
import type { LayerValues } from '../../src/snapshot/snapshot.js'

const cidrs = (values: Record<string, unknown>): readonly string[] | undefined =>
  manualRules(new Map(Object.entries(values))).networks?.cidrs
const contacts = (values: Record<string, unknown>): number | undefined =>
  manualRules(new Map(Object.entries(values))).maxContacts

/** As MikoPBX shows it in its manual. */
const ALL = `[acl]
deny=0.0.0.0/0.0.0.0
permit=172.16.156.1/255.255.255.255
permit = 192.168.0.0/255.255.0.0 ; the office

[auth]
realm=pbx

[aor]
max_contacts = 10
[endpoint]
device_state_busy_at=1
`

describe('manual attributes of a person', () => {
  test('deny of everything and what is permitted after it are networks', () => {
    expect(cidrs({ manualAttributes: ALL })).toEqual(['172.16.156.1/32', '192.168.0.0/16'])
    expect(cidrs({ manualAcl: 'deny=0.0.0.0/0\r\npermit=10.0.0.0/8\r\n' })).toEqual(['10.0.0.0/8'])
    expect(cidrs({ manualAcl: '[acl]\ndeny=::/0\ndeny=0.0.0.0/0\npermit=2001:db8::/32' })).toEqual(['2001:db8::/32'])
  })

  test.each([
    'permit=10.0.0.0/8',
    'deny=0.0.0.0/0',
    'deny=10.0.0.0/8\npermit=0.0.0.0/0',
    'deny=0.0.0.0/0\npermit=10.0.0.0/8\ndeny=10.1.0.0/16',
    'deny=0.0.0.0/0\npermit=office',
    'deny=0.0.0.0/0\npermit=',
    'deny=0.0.0.0/0\npermit=10.0.0.0/255.0.255.0',
    'acl=office',
    '[acl',
    '',
  ])('%p is left to the PBX', (text) => {
    expect(cidrs({ manualAcl: text })).toBeUndefined()
  })

  test('max_contacts is the most registrations at once', () => {
    expect(contacts({ manualAttributes: ALL })).toBe(10)
    expect(contacts({ manualAor: 'max_contacts=1\nmax_contacts => 3' })).toBe(3)
    expect(contacts({ manualAor: 'max_contacts=500' })).toBe(20)
    for (const text of ['max_contacts=0', 'max_contacts=many', 'remove_existing=yes', '[auth]\nmax_contacts=3']) {
      expect(contacts({ manualAor: text })).toBeUndefined()
    }
    expect(contacts({ manualAor: 'max_contacts=2', manualAttributes: ALL })).toBe(2)
  })

  test('count at the registrar and at the config where no setting of the person says otherwise', () => {
    const layers = new Map<string, Record<string, unknown>>([
      ['extension e1', { manualAttributes: ALL }],
      ['extension e2', { manualAttributes: ALL, allowedNetworks: ['198.51.100.0/24'], maxRegistrations: 2 }],
      ['site s1', { allowedNetworks: ['203.0.113.0/24'], maxRegistrations: 5, maxSoftphones: 4 }],
    ])
    const layer = (name: string, owner: string): LayerValues => ({
      revision: 1,
      values: new Map(Object.entries(layers.get(`${name} ${owner}`) ?? {})),
    })
    const of = (id: string): unknown[] => [
      allowedNetworks({ layer }, { id, siteId: 's1' })?.cidrs[0],
      registrationLimit({ layer }, { id, siteId: 's1' }, 'maxRegistrations'),
      registrationLimit({ layer }, { id, siteId: 's1' }, 'maxSoftphones'),
    ]
    expect(of('e1')).toEqual(['172.16.156.1/32', 10, 4])
    expect(of('e2')).toEqual(['198.51.100.0/24', 2, 4])
    expect(of('e3')).toEqual(['203.0.113.0/24', 5, 4])
  })
})
