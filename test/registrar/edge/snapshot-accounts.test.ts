import { describe, expect, test } from '@jest/globals'
import type { Extension, Line } from '../../../src/domain/entities.js'
import { requireExtensionNumber } from '../../../src/domain/extension-number.js'
import { requireMac } from '../../../src/domain/mac-address.js'
import { Secret, type Sealed } from '../../../src/domain/secret.js'
import { SnapshotAccounts } from '../../../src/registrar/edge/snapshot-accounts.js'
import { createKeyRing, createMarker } from '../../../src/secrets/seal.js'
import { computeHa1 } from '../../../src/sip/digest.js'
import type {
  DeviceRecord,
  DigestUser,
  ExtensionRecord,
  LayerValues,
  Snapshot,
} from '../../../src/snapshot/snapshot.js'
import { SILENT_LOG } from '../../../src/observe/log.js'
import { seededRandom } from '../../support/seeded-random.js'

const NOTHING_SET: LayerValues = { revision: 0, values: new Map() }
const sealed = (text: string): Sealed => `sealed:${text}` as Sealed

const extension = (more: Partial<Extension> = {}): ExtensionRecord => ({
  id: 'e1',
  siteId: 's1',
  number: requireExtensionNumber('101'),
  displayName: 'Ann',
  authUsername: '101',
  sealedPassword: sealed('own'),
  enabled: true,
  revision: 1,
  keys: [],
  ...more,
})
const line: Line = {
  id: 'l1',
  deviceId: 'd1',
  position: 1,
  extensionId: 'e1',
  authUsername: 'ab12',
  sealedPassword: sealed('line'),
}
const device = (state: DeviceRecord['state']): DeviceRecord => ({
  id: 'd1',
  siteId: 's1',
  mac: requireMac('001565aabbcc'),
  model: 'yealink/t21p-e2',
  state,
  sealedToken: sealed('t'),
  tokenHash: '',
  sealedAdminPassword: sealed('a'),
  revision: 1,
  lines: [line],
  keys: [],
})

const MARK = createMarker(createKeyRing([{ id: 'k1', key: seededRandom().bytes(32) }]))

/** A snapshot that knows one digest user, and counts how often secrets are opened. */
function bench(user: DigestUser | undefined) {
  const state = { user }
  const opened: string[] = []
  const logged: unknown[] = []
  const snapshot: Partial<Snapshot> = {
    digestUser: (siteId, name) => (siteId === 's1' && name !== 'nobody' ? state.user : undefined),
    siteByDomain: () => undefined,
    defaultSite: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
    site: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
    extension: () => state.user?.extension,
    layer: () => NOTHING_SET,
  }
  const open = (value: Sealed, context: string): Secret => {
    opened.push(context)
    if (value.includes('damaged')) throw new Error('damaged')
    return new Secret(value.replace('sealed:', ''))
  }
  const log = { ...SILENT_LOG, error: (fields: object): void => void logged.push(fields) }
  return { accounts: new SnapshotAccounts(() => snapshot as Snapshot, open, MARK, log), state, opened, logged }
}

describe('accounts of the snapshot', () => {
  test('a line of an approved phone registers its extension with its own password', () => {
    const { accounts, opened } = bench({ extension: extension({ maxContacts: 3 }), device: device('approved'), line })
    const account = accounts.findDigestUser('s1', 'ab12')
    expect(account).toMatchObject({ extensionId: 'e1', number: '101', lineId: 'l1', maxContacts: 3 })
    expect(account?.ha1('MD5', 'r')).toBe(computeHa1('MD5', 'ab12', 'r', new Secret('line')))
    expect(opened).toEqual(['lines:sealed_password:l1'])
  })

  test('an extension registers itself with its own password', () => {
    const { accounts, opened } = bench({ extension: extension() })
    const account = accounts.findDigestUser('s1', '101')
    expect(account?.lineId).toBeUndefined()
    expect(account?.ha1('SHA-256', 'r')).toBe(computeHa1('SHA-256', '101', 'r', new Secret('own')))
    expect(opened).toEqual(['extensions:sealed_password:e1'])
  })

  test('a password is opened once for both algorithms, until it changes', () => {
    const { accounts, state, opened } = bench({ extension: extension() })
    const ha1 = (): string | undefined => accounts.findDigestUser('s1', '101')?.ha1('MD5', 'r')
    const first = ha1()
    expect([ha1(), opened.length]).toEqual([first, 1])
    accounts.findDigestUser('s1', '101')?.ha1('SHA-256', 'r')
    expect(opened).toHaveLength(1)
    state.user = { extension: extension({ sealedPassword: sealed('new') }) }
    expect(ha1()).toBe(computeHa1('MD5', '101', 'r', new Secret('new')))
    expect(opened).toHaveLength(2)
  })

  test.each(['pending', 'blocked', 'retired'] as const)('a line of a phone that is %s is nobody', (state) => {
    expect(bench({ extension: extension(), device: device(state), line }).accounts.findDigestUser('s1', 'ab12')).toBe(
      undefined,
    )
  })

  test('a disabled extension and an unknown user are nobody', () => {
    const { accounts } = bench({ extension: extension({ enabled: false }) })
    expect(accounts.findDigestUser('s1', '101')).toBeUndefined()
    expect(accounts.findDigestUser('s1', 'nobody')).toBeUndefined()
  })

  test('a binding may stay as long as extension, number, site domain, line and phone are what they were', () => {
    const content = {
      extension: extension(),
      device: device('approved') as DeviceRecord | undefined,
      domain: 'x.example',
    }
    const snapshot: Partial<Snapshot> = {
      extension: (id) => (id === 'e1' ? content.extension : undefined),
      site: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1, sipDomain: content.domain }),
      layer: () => NOTHING_SET,
      deviceByLine: (id) => (content.device?.lines.some((one) => one.id === id) ? content.device : undefined),
    }
    const accounts = new SnapshotAccounts(
      () => snapshot as Snapshot,
      () => new Secret(''),
      MARK,
      SILENT_LOG,
    )
    const own = { aor: '101@x.example', extensionId: 'e1', received: '10.0.0.7:5060' }
    const byLine = { ...own, lineId: 'l1' }
    const both = (): boolean[] => [accounts.mayKeep(own), accounts.mayKeep(byLine)]
    expect(both()).toEqual([true, true])
    expect([accounts.mayKeep({ ...own, extensionId: 'e2' }), accounts.mayKeep({ ...own, lineId: 'l2' })]).toEqual([
      false,
      false,
    ])
    content.device = device('blocked')
    expect(both()).toEqual([true, false])
    content.device = { ...device('approved'), lines: [{ ...line, extensionId: 'e9' }] }
    expect(both()).toEqual([true, false])
    content.device = device('approved')
    content.domain = 'y.example'
    expect(both()).toEqual([false, false])
    content.domain = 'x.example'
    content.extension = extension({ enabled: false })
    expect(both()).toEqual([false, false])
  })

  test('a binding may not stay when its password is another one by now, however it is sealed', () => {
    let own = extension()
    const passwords: Record<string, string> = { 'sealed:own': 'one', 'sealed:anew': 'one', 'sealed:other': 'two' }
    const snapshot: Partial<Snapshot> = {
      digestUser: () => ({ extension: own }),
      extension: () => own,
      layer: () => NOTHING_SET,
      site: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
      defaultSite: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
    }
    const open = (value: Sealed): Secret => new Secret(passwords[value] ?? '')
    const accounts = new SnapshotAccounts(() => snapshot as Snapshot, open, MARK, SILENT_LOG, 'x.example')
    const passwordMark = accounts.findDigestUser('s1', '101')?.passwordMark('x.example') ?? ''
    const received = '10.0.0.7:5060'
    const binding = { aor: '101@x.example', extensionId: 'e1', passwordMark, received }
    expect(accounts.mayKeep(binding)).toBe(true)
    own = extension({ sealedPassword: sealed('anew') })
    expect(accounts.mayKeep(binding)).toBe(true)
    own = extension({ sealedPassword: sealed('other') })
    expect(accounts.mayKeep(binding)).toBe(false)
    expect(accounts.mayKeep({ aor: '101@x.example', extensionId: 'e1', received })).toBe(true)
    // The mark lies on disk: who has the database and not the key cannot try passwords on it.
    const ha1 = computeHa1('MD5', '101', 'x.example', new Secret('one'))
    expect(passwordMark).toBe(MARK(ha1))
    expect(passwordMark).not.toContain(ha1.slice(0, 8))
  })

  test('a mark by another key tells nothing, so its binding stays', () => {
    const { accounts } = bench({ extension: extension() })
    const other = createMarker(createKeyRing([{ id: 'k2', key: seededRandom(7).bytes(32) }]))
    const kept = (passwordMark: string): boolean =>
      accounts.mayKeep({ aor: '101@phoneboot', extensionId: 'e1', passwordMark, received: '10.0.0.7:5060' })
    expect(kept(other('anything'))).toBe(true)
    expect(kept(MARK('anything'))).toBe(false)
  })

  test('a network filter counts for new and old bindings; the strongest layer that has one counts alone', () => {
    const own = extension()
    const layers: Record<string, unknown> = {}
    const snapshot: Partial<Snapshot> = {
      digestUser: () => ({ extension: own }),
      extension: () => own,
      layer: (layer, owner) => {
        const list = layers[`${layer}:${owner}`]
        return list === undefined ? NOTHING_SET : { revision: 1, values: new Map([['allowedNetworks', list]]) }
      },
      site: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
      defaultSite: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
    }
    const accounts = new SnapshotAccounts(
      () => snapshot as Snapshot,
      () => new Secret('x'),
      MARK,
      SILENT_LOG,
    )
    const may = (address: string): unknown[] => [
      accounts.findDigestUser('s1', '101')?.mayComeFrom?.(address),
      accounts.mayKeep({
        aor: '101@phoneboot',
        extensionId: 'e1',
        received: address.includes(':') ? `[${address}]:5060` : `${address}:5060`,
      }),
    ]
    expect(may('203.0.113.9')).toEqual([true, true])
    layers['global:'] = ['10.0.0.0/8']
    expect([may('203.0.113.9'), may('10.9.9.9')]).toEqual([
      [false, false],
      [true, true],
    ])
    layers['site:s1'] = ['192.168.0.0/16', '2001:db8::/32']
    expect([may('10.9.9.9'), may('192.168.3.4'), may('2001:db8::5')]).toEqual([
      [false, false],
      [true, true],
      [true, true],
    ])
    layers['extension:e1'] = null
    expect(may('203.0.113.9')).toEqual([true, true])
  })

  test('the password before is good beside the new one, and each tells its own bindings', () => {
    const former = { sealed: sealed('old'), until: 1_000 }
    const fresh: Line = { ...line, sealedPassword: sealed('new'), former }
    const phone: DeviceRecord = { ...device('approved'), lines: [fresh] }
    const snapshot: Partial<Snapshot> = {
      digestUser: () => ({ extension: extension(), device: phone, line: fresh }),
      extension: () => extension(),
      layer: () => NOTHING_SET,
      deviceByLine: () => phone,
      site: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
      defaultSite: () => ({ id: 's1', slug: 'main', name: 'Main', revision: 1 }),
    }
    const open = (value: Sealed): Secret => new Secret(value.replace('sealed:', ''))
    const accounts = new SnapshotAccounts(() => snapshot as Snapshot, open, MARK, SILENT_LOG)
    const account = accounts.findDigestUser('s1', 'ab12')
    expect(account?.ha1('MD5', 'phoneboot')).toBe(computeHa1('MD5', 'ab12', 'phoneboot', new Secret('new')))
    expect(account?.former?.ha1('MD5', 'phoneboot')).toBe(computeHa1('MD5', 'ab12', 'phoneboot', new Secret('old')))
    expect(account?.former?.until).toBe(1_000)
    const marks = [account?.former?.passwordMark('phoneboot'), account?.passwordMark('phoneboot')]
    const bindings = marks.map((passwordMark) => ({
      ...{
        aor: '101@phoneboot',
        extensionId: 'e1',
        lineId: 'l1',
        received: '10.0.0.7:5060',
        passwordMark: passwordMark ?? '',
      },
    }))
    expect(bindings.map((one) => [accounts.mayKeep(one), accounts.usesNewPassword(one)])).toEqual([
      [true, false],
      [true, true],
    ])
    phone.lines.forEach((one) => delete one.former)
    expect(bindings.map((one) => accounts.mayKeep(one))).toEqual([false, true])
  })

  test('a password that cannot be opened gives no HA1, and the operator hears of it', () => {
    const { accounts, logged } = bench({ extension: extension({ sealedPassword: sealed('damaged') }) })
    expect(accounts.findDigestUser('s1', '101')?.ha1('MD5', 'r')).toBeUndefined()
    expect(logged).toMatchObject([{ username: '101' }])
    expect(JSON.stringify(logged)).not.toContain('sealed')
  })
})
