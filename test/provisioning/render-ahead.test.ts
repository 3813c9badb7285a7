import { beforeEach, expect, test } from '@jest/globals'
import { FakeClock } from '../support/fake-clock.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { Secret, type Sealed } from '../../src/domain/secret.js'
import { SpareTime } from '../../src/domain/spare-time.js'
import { AT_ONCE } from '../../src/domain/turns.js'
import { createConfigFiles, type ConfigFiles, type FilesAhead } from '../../src/provisioning/config-files.js'
import { RenderAhead } from '../../src/provisioning/render-ahead.js'
import type { FileToStore, StoredFile, StoredFiles, StoringWork } from '../../src/provisioning/stored-files.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const ANNA = '001565aabb01' as Mac
const CARL = '000413aabb03' as Mac

/** Keeps files in memory, and counts. */
class MemoryStore implements StoredFiles, StoringWork {
  readonly files = new Map<string, FileToStore>()
  waiting: FileToStore[] = []
  flushed = 0
  retained: ReadonlySet<string> = new Set()

  has(id: string, digest: string): boolean {
    return this.files.get(id)?.digest === digest
  }
  find(id: string, digest: string): StoredFile | undefined {
    return this.has(id, digest) ? this.files.get(id) : undefined
  }
  put(file: FileToStore): void {
    this.waiting.push(file)
  }
  storeNext(): boolean {
    const next = this.waiting.shift()
    if (next) this.files.set(next.id, next)
    return next !== undefined
  }
  retain(ids: ReadonlySet<string>): void {
    this.retained = ids
  }
  flush(): Promise<void> {
    this.flushed += 1
    return Promise.resolve()
  }
}

let bench: ProvisioningBench
let clock: FakeClock
let store: MemoryStore
let rendered: number
let isIdle: boolean
let ahead: RenderAhead
let configs: ConfigFiles & FilesAhead

beforeEach(() => {
  bench = new ProvisioningBench()
  clock = new FakeClock()
  store = new MemoryStore()
  isIdle = true
  const { content } = bench.snapshot
  for (const number of ['101', '102']) content.putExtension(extensionRecord(number))
  content.putDevice(phone(ANNA, ['101']))
  content.putDevice(phone(CARL, ['102'], { model: 'snom/d120' }))
  start()
})

/** The program starts, with what was stored before. */
function start(): void {
  const { catalog, vocabulary, zones } = bench.phones
  const render = createRenderer(catalog, READERS, { templatesAreProven: true })
  rendered = 0
  configs = createConfigFiles({
    sources: { snapshot: bench.snapshot, vocabulary, zones, open: (sealed: Sealed) => new Secret(sealed) },
    render: (input) => {
      rendered += 1
      if (bench.breakage) throw bench.breakage
      return render(input)
    },
    ...{ cache: new Map(), clock, log: bench.log, stored: store },
  })
  const { snapshot } = bench
  ahead = new RenderAhead({
    snapshot,
    catalog,
    files: configs,
    store,
    clock,
    spareTime: new SpareTime(clock, () => () => isIdle),
    log: bench.log,
  })
}

function bytesOf(mac: Mac): { body: string; lastModified: number; etag: string } {
  const device = bench.snapshot.deviceByMac(mac)
  const model = device && bench.phones.catalog.model(device.model)
  const file =
    model && bench.phones.catalog.files(model.model).find(({ scope, template }) => scope === 'device' && template)
  if (!device || !file) throw new Error('no such phone')
  const result = configs.device(model, file, device, SERVER, false)
  if (result.kind !== 'fresh') throw new Error(result.kind)
  const { body, lastModified, etag } = result.config
  return { body: Buffer.from(body).toString(), lastModified, etag }
}

test('nothing is rendered before a phone was told an address; then all files are, stored and written', () => {
  clock.advance(60_000)
  expect(rendered).toBe(0)
  ahead.told(SERVER)
  ahead.told({ ...SERVER })
  clock.advance(60_000)
  expect(rendered).toBeGreaterThanOrEqual(4)
  // The addresses that phones were told are stored beside them.
  expect(store.files.size).toBe(rendered + 1)
  expect(store.retained).toEqual(new Set(store.files.keys()))
  expect(store.flushed).toBe(1)
  expect(clock.pending).toBe(0)
})

test('the next program renders nothing, and gives the same bytes with the same time and ETag', () => {
  const before = [bytesOf(ANNA), bytesOf(CARL)]
  ahead.told(SERVER)
  clock.advance(60_000)
  start()
  clock.advance(60_000)
  expect([bytesOf(ANNA), bytesOf(CARL)]).toEqual(before)
  ahead.told(SERVER)
  clock.advance(60_000)
  expect(rendered).toBe(0)
})

test('a changed name and a changed password render the one file again, ahead and when asked', () => {
  ahead.told(SERVER)
  clock.advance(60_000)
  const device = bench.snapshot.deviceByMac(ANNA)
  const before = bytesOf(ANNA).body
  bench.snapshot.content.putExtension(extensionRecord('101', { displayName: 'Anna Berg', revision: 2 }))
  rendered = 0
  ahead.changed()
  clock.advance(60_000)
  expect(rendered).toBe(1)
  expect(bytesOf(ANNA).body).toContain('Anna Berg')
  expect(rendered).toBe(1)
  expect(before).not.toContain('Anna Berg')
  if (!device) throw new Error('the phone is missing')
  const lines = device.lines.map((line) => ({ ...line, sealedPassword: 'rotated-secret' as Sealed }))
  bench.snapshot.content.putDevice({ ...device, lines, revision: device.revision + 1 })
  start()
  expect(bytesOf(ANNA).body).toContain('rotated-secret')
  expect(rendered).toBe(1)
})

/** Files of before the start that came into memory: those the store is not asked for any more. */
function foundInStore(): string[] {
  const found: string[] = []
  const find = store.find.bind(store)
  store.find = (id, digest) => {
    const file = find(id, digest)
    if (file) found.push(id)
    return file
  }
  return found
}

test('after a start the files of before come into memory before a phone asks, and nothing is rendered for it', async () => {
  const before = [bytesOf(ANNA), bytesOf(CARL)]
  ahead.told(SERVER)
  clock.advance(60_000)
  start()
  await ahead.recall(AT_ONCE)
  const found = foundInStore()
  expect([bytesOf(ANNA), bytesOf(CARL)]).toEqual(before)
  expect(found).toEqual([])
  expect(rendered).toBe(0)
})

test('what changed since is not taken from before the start', async () => {
  ahead.told(SERVER)
  clock.advance(60_000)
  bench.snapshot.content.putExtension(extensionRecord('101', { displayName: 'Anna Berg', revision: 2 }))
  start()
  await ahead.recall(AT_ONCE)
  expect(rendered).toBe(0)
  expect(bytesOf(ANNA).body).toContain('Anna Berg')
  expect(rendered).toBe(1)
})

test('nothing comes into memory before any phone was told an address, nor when the server stops or two seconds are over', async () => {
  await ahead.recall(AT_ONCE)
  ahead.told(SERVER)
  clock.advance(60_000)
  const ends: [() => void, number][] = [
    [() => ahead.stop(), 0],
    // Only what was begun by then.
    [() => clock.advance(2_001), 0],
    [() => undefined, 4],
  ]
  for (const [end, expected] of ends) {
    start()
    const found = foundInStore()
    let isFirst = true
    await ahead.recall(() => {
      if (isFirst) end()
      isFirst = false
      return undefined
    })
    expect(found.slice(1).length).toBeGreaterThanOrEqual(expected)
    if (expected === 0) expect(found.slice(1)).toEqual([])
  }
})

test('a row of changes is waited for; what is being looked at is begun anew', () => {
  ahead.told(SERVER)
  for (let n = 0; n < 10; n += 1) {
    clock.advance(1_900)
    ahead.changed()
  }
  expect(rendered).toBe(0)
  clock.advance(2_000)
  expect(rendered).toBeGreaterThan(0)
})

test('while there is other work nothing is done, and afterwards it goes on', () => {
  isIdle = false
  ahead.told(SERVER)
  clock.advance(60_000)
  expect(rendered).toBe(0)
  expect(clock.pending).toBe(1)
  isIdle = true
  clock.advance(1_000)
  expect(rendered).toBeGreaterThan(0)
  expect(store.flushed).toBe(1)
})

test('it stops with the server, and begins nothing afterwards', () => {
  ahead.told(SERVER)
  ahead.stop()
  expect(clock.pending).toBe(0)
  ahead.changed()
  ahead.told({ ...SERVER, host: '10.0.0.77' })
  clock.advance(60_000)
  expect(clock.pending).toBe(0)
  expect(rendered).toBe(0)
})

test('blocked and removed phones are given nothing ahead, and a file that fails is neither stored nor tried forever', () => {
  const { content } = bench.snapshot
  content.putDevice(phone(CARL, ['102'], { model: 'snom/d120', state: 'blocked' }))
  bench.breakage = new Error('no template')
  ahead.told(SERVER)
  clock.advance(60_000)
  expect([...store.files.keys()]).toEqual(['addresses that phones were told'])
  expect(rendered).toBeLessThan(4)
  expect(clock.pending).toBe(0)
})
