import { beforeEach, describe, expect, test } from '@jest/globals'
import type { LineKey } from '../../src/domain/entities.js'
import type { ExtensionNumber } from '../../src/domain/extension-number.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { Secret } from '../../src/domain/secret.js'
import {
  type ChangedParts,
  type Changes,
  findChanged,
  type LastServed,
  possibleServers,
  type ServedFiles,
} from '../../src/provisioning/changed.js'
import { createConfigFiles } from '../../src/provisioning/config-files.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { phone, ProvisioningBench, SERVER, tokenOf } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const ANNA = '001565aabb01' as Mac
const BERT = '001565aabb02' as Mac
const CARL = '000413aabb03' as Mac
const PEOPLE = ['101', '102', '103']
const SNOM_FILE = `snomD120-${CARL.toUpperCase()}.htm`

const blf = (owner: string, value: string): LineKey => ({
  id: `k${owner}${value}`,
  owner: { kind: 'extension', id: `e${owner}` },
  position: 1,
  kind: 'blf',
  value,
})

let bench: ProvisioningBench
let parts: ChangedParts

beforeEach(() => {
  bench = new ProvisioningBench()
  const { content } = bench.snapshot
  for (const number of PEOPLE) content.putExtension(extensionRecord(number))
  // Anna watches Bert; Carl watches nobody.
  content.putExtension(extensionRecord('101', { keys: [blf('101', '102')] }))
  content.putDevice(phone(ANNA, ['101']))
  content.putDevice(phone(BERT, ['102'], { groupId: 'g1' }))
  content.putDevice(phone(CARL, ['103'], { model: 'snom/d120' }))
  const { catalog, vocabulary, zones } = bench.phones
  const render = createRenderer(catalog, READERS)
  const configs = createConfigFiles({
    sources: { snapshot: bench.snapshot, vocabulary, zones, open: (sealed) => new Secret(sealed) },
    render: (input) => {
      if (bench.breakage) throw bench.breakage
      return render(input)
    },
    cache: new Map(),
    clock: bench.clock,
    log: bench.log,
  })
  parts = { catalog, configs, servers: [{ ...SERVER, host: '10.9.9.9' }, SERVER] }
})

/** What the phones have, as the events of their requests tell. */
function served(): ServedFiles {
  const files = new Map<Mac, Map<string, LastServed>>()
  for (const { mac, path, sha256, at } of bench.events) {
    if (mac === undefined || sha256 === undefined) continue
    const own = files.get(mac) ?? new Map<string, LastServed>()
    files.set(mac, own.set(path.replace(/^.*\//, '').toLowerCase(), { sha256, at }))
  }
  return files
}

const everybodyAsks = (): void => [`/${ANNA}.cfg`, `/${BERT}.cfg`, `/${SNOM_FILE}`].forEach((path) => bench.ask(path))

const find = (): Promise<Changes> => findChanged(parts, bench.snapshot.allDevices(), served(), () => Promise.resolve())

async function changed(): Promise<string[]> {
  const { changed: found } = await find()
  return found.map(({ device }) => device.mac).sort()
}

describe('which phones would get other bytes than they have', () => {
  beforeEach(everybodyAsks)

  test('none, when nothing was changed', async () => {
    expect(await find()).toEqual({ changed: [], unknown: [], same: 3 })
  })

  test('renaming somebody changes his phone and those that show his name, and no other', async () => {
    bench.snapshot.content.putExtension(extensionRecord('102', { displayName: 'Bertha', revision: 2 }))
    expect(await changed()).toEqual([ANNA, BERT])
    bench.ask(`/${BERT}.cfg`)
    expect(await changed()).toEqual([ANNA])
    bench.ask(`/${ANNA}.cfg`)
    expect(await changed()).toEqual([])
  })

  test('a change that comes to the same bytes changes no phone, whatever its revision', async () => {
    bench.snapshot.content.putExtension(extensionRecord('102', { email: 'bert@example.com', revision: 9 }))
    bench.set('group', 'g1', { ringtone: 'unheard-of' })
    bench.set('global', '', {})
    expect(await changed()).toEqual([])
  })

  test('a setting of a group changes the phones of that group', async () => {
    bench.set('group', 'g1', { ntpServer: 'time.example' })
    expect(await changed()).toEqual([BERT])
  })

  test('a setting for all changes all of them, and taking it back none', async () => {
    bench.set('global', '', { ntpServer: 'time.example' })
    expect(await changed()).toEqual([CARL, ANNA, BERT])
    bench.set('global', '', {})
    expect(await changed()).toEqual([])
  })

  test('renumbering changes the phone and the keys that go by the number', async () => {
    const { content } = bench.snapshot
    content.removeExtension('e102')
    content.putExtension(extensionRecord('102', { number: '142' as ExtensionNumber, revision: 2 }))
    expect(await changed()).toEqual([ANNA, BERT])
  })

  test('each file is named, with what the phone has and since when', async () => {
    bench.set('device', `d${ANNA}`, { ntpServer: 'own.example' })
    const { changed: found } = await find()
    expect(found[0]?.files).toMatchObject([{ name: `${ANNA}.cfg`, servedAt: bench.events[0]?.at }])
    expect(found[0]?.files[0]?.nowSha256).not.toBe(found[0]?.files[0]?.servedSha256)
  })

  test('a phone whose file cannot be rendered now is left alone', async () => {
    bench.set('global', '', { ntpServer: 'time.example' })
    bench.breakage = new Error('broken template')
    expect(await changed()).toEqual([])
  })

  test('a blocked phone gets nothing, so it is not asked to look', async () => {
    bench.snapshot.content.putDevice(phone(BERT, ['102'], { state: 'blocked', revision: 2 }))
    bench.set('global', '', { ntpServer: 'time.example' })
    expect(await changed()).toEqual([CARL, ANNA])
  })

  test('a phone that is told another address now has changed', async () => {
    parts = { ...parts, servers: [{ ...SERVER, host: 'pbx.example' }] }
    expect(await changed()).toEqual([CARL, ANNA, BERT])
  })
})

test('a phone that never asked is not known to have anything', async () => {
  bench.ask(`/${ANNA}.cfg`)
  const { unknown, same } = await find()
  expect([unknown.map(({ mac }) => mac).sort(), same]).toEqual([[CARL, BERT], 1])
})

test('files of a model count for phones that are known by their token', async () => {
  bench.ask(`/${tokenOf(ANNA)}/y000000000052.cfg`)
  expect(await changed()).toEqual([])
  bench.set('model', 'yealink/t21p-e2', { ntpServer: 'time.example' })
  const { changed: found } = await find()
  expect(found.map(({ files }) => files.map(({ name }) => name))).toEqual([['y000000000052.cfg']])
})

test('others get a turn while many phones are looked at', async () => {
  let turns = 0
  for (let n = 0; n < 95; n += 1) bench.snapshot.content.putDevice(phone(`001565bb00${String(n).padStart(2, '0')}`, []))
  await findChanged(parts, bench.snapshot.allDevices(), new Map(), () => {
    turns += 1
    return Promise.resolve()
  })
  expect(turns).toBe(9)
})

test('addresses that phones may have been told', () => {
  const ports = { httpPort: 8080, httpsPort: 8443, tftpPort: 69, sipPort: 5060, sipsPort: 5061 }
  const addresses = ['192.0.2.5', '2001:db8::5']
  expect(possibleServers({ host: 'pbx.example', addresses, ports: [ports] })).toEqual([
    { host: 'pbx.example', ...ports },
  ])
  expect(possibleServers({ addresses, ports: [ports] }).map(({ host }) => host)).toEqual(['192.0.2.5', '[2001:db8::5]'])
})
