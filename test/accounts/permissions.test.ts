import { describe, expect, test } from '@jest/globals'
import {
  ALL_SITES,
  PERMISSION_NAMES,
  ROLES,
  may,
  narrowed,
  rightsOf,
  sitesIn,
  type CustomRole,
} from '../../src/accounts/permissions.js'

const IMPORTER: CustomRole = { id: 'r1', siteId: 's1', name: 'importer', permissions: ['bulk.import'], revision: 1 }

describe('roles', () => {
  test('grow from user to owner: each has all that the next lower one has', () => {
    const order = ['owner', 'admin', 'operator', 'viewer', 'user'] as const
    order.slice(1).forEach((lower, index) => {
      const higher: readonly string[] = ROLES[order[index] ?? 'owner']
      expect(ROLES[lower].filter((permission) => !higher.includes(permission))).toEqual([])
    })
    expect(ROLES.owner).toEqual(PERMISSION_NAMES)
    expect(ROLES.user).toEqual([])
  })

  test('a viewer and a user change nothing and see no secret', () => {
    expect(ROLES.viewer.filter((permission) => !permission.endsWith('.read'))).toEqual([])
    expect(ROLES.helpdesk.filter((permission) => permission.endsWith('.secrets'))).toEqual([])
  })

  test('a custom role holds what it lists and nothing else, in its own site', () => {
    const rights = rightsOf([{ siteId: 's1', role: 'importer' }], [IMPORTER])
    expect(PERMISSION_NAMES.filter((permission) => may(rights, permission, 's1'))).toEqual(['bulk.import'])
    expect(PERMISSION_NAMES.filter((permission) => may(rights, permission, 's2'))).toEqual([])
    expect(PERMISSION_NAMES.filter((permission) => may(rights, permission, ALL_SITES))).toEqual([])
    // The same name in another site is not this role.
    expect(may(rightsOf([{ siteId: 's2', role: 'importer' }], [IMPORTER]), 'bulk.import', 's2')).toBe(false)
  })

  test('a role of all sites is one in every site; a role of one site is none for the server', () => {
    const everywhere = rightsOf([{ siteId: ALL_SITES, role: 'viewer' }], [])
    expect([may(everywhere, 'people.read', 's9'), sitesIn(everywhere)]).toEqual([true, undefined])
    const one = rightsOf([{ siteId: 's1', role: 'owner' }], [])
    expect([may(one, 'server.read', ALL_SITES), may(one, 'people.read', 's2'), sitesIn(one)]).toEqual([
      false,
      false,
      ['s1'],
    ])
  })

  test('roles in several sites add up where they meet', () => {
    const rights = rightsOf(
      [
        { siteId: ALL_SITES, role: 'viewer' },
        { siteId: 's1', role: 'operator' },
      ],
      [],
    )
    expect([may(rights, 'people.write', 's1'), may(rights, 'people.write', 's2')]).toEqual([true, false])
  })
})

describe('a token', () => {
  const rights = rightsOf([{ siteId: ALL_SITES, role: 'admin' }], [])

  test('can do no more than its scopes', () => {
    const cut = narrowed(rights, { scopes: ['people.read', 'sites.write'] })
    expect(PERMISSION_NAMES.filter((permission) => may(cut, permission, 's1'))).toEqual(['people.read'])
  })

  test('of one site opens no other, and nothing of the server', () => {
    const cut = narrowed(rights, { siteId: 's1' })
    expect(may(cut, 'people.write', 's1')).toBe(true)
    expect(may(cut, 'people.read', 's2')).toBe(false)
    expect(may(cut, 'server.read', ALL_SITES)).toBe(false)
  })
})
