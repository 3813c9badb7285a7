import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoredFileStore } from '../../../src/provisioning/edge/stored-files.js'
import type { FileToStore } from '../../../src/provisioning/stored-files.js'
import { createByteBox, createKeyRing, KEY_BYTES } from '../../../src/secrets/seal.js'
import { recordingLog, type RecordingLog } from '../../support/recording-log.js'
import { seededRandom } from '../../support/seeded-random.js'

const KEY = { id: 'k1', key: new Uint8Array(KEY_BYTES).fill(7) }
const digest = (n: number): string => n.toString(16).padStart(64, '0')
const bodyOf = (secret: string): Buffer =>
  Buffer.from(`${Array.from({ length: 300 }, (_, n) => `parameter.${n} = ${n * 7}\n`).join('')}password = ${secret}\n`)
const file = (n: number, more: Partial<FileToStore> = {}): FileToStore => ({
  ...{ id: `device-${n}`, digest: digest(n), kind: 'yealink/t21p device' },
  ...{ body: bodyOf(`pass-${n}-word`), lastModified: 1_750_000_000_000 + n },
  ...more,
})

let folder: string
let path: string
let log: RecordingLog

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-stored-'))
  path = join(folder, 'rendered')
  log = recordingLog()
})
afterEach(() => rm(folder, { recursive: true }))

const open = (more: { program?: string; key?: typeof KEY; mostBytes?: number } = {}): Promise<StoredFileStore> =>
  StoredFileStore.open({
    ...{ path, log, program: more.program ?? 'program 1' },
    box: createByteBox(createKeyRing([more.key ?? KEY]), seededRandom(1)),
    ...(more.mostBytes === undefined ? {} : { mostBytes: more.mostBytes }),
  })

async function saved(...files: FileToStore[]): Promise<StoredFileStore> {
  const store = await open()
  for (const one of files) store.put(one)
  while (store.storeNext());
  await store.flush()
  return store
}

const text = (store: StoredFileStore, n: number, of = digest(n)): string | undefined => {
  const found = store.find(`device-${n}`, of)
  return found && Buffer.from(found.body).toString()
}

describe('what was stored', () => {
  test('is found by the next program with its bytes and its time, and no password stands on disk', async () => {
    const before = await saved(file(1), file(2), file(3))
    expect(text(before, 2)).toBe(bodyOf('pass-2-word').toString())
    const bytes = await readFile(path, 'latin1')
    expect(bytes).not.toContain('pass-')
    expect(bytes).not.toContain('parameter')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    // The second and third of a kind are what differs from the first.
    expect(bytes.length).toBeLessThan(3_000)
    const after = await open()
    for (const n of [1, 2, 3]) expect(text(after, n)).toBe(bodyOf(`pass-${n}-word`).toString())
    expect(after.find('device-3', digest(3))?.lastModified).toBe(1_750_000_000_003)
    expect(after.has('device-3', digest(3))).toBe(true)
  })

  test('is found while it still waits to be stored', async () => {
    const store = await open()
    store.put(file(1))
    expect(store.has('device-1', digest(1))).toBe(true)
    expect(text(store, 1)).toBe(bodyOf('pass-1-word').toString())
    expect(store.storeNext()).toBe(true)
    expect(store.storeNext()).toBe(false)
  })

  test('is given for its own digest only: after a change it is nothing', async () => {
    const store = await saved(file(1), file(2))
    expect(text(store, 1, digest(9))).toBeUndefined()
    expect(text(store, 7, digest(1))).toBeUndefined()
    store.put(file(1, { digest: digest(9), body: bodyOf('changed') }))
    while (store.storeNext());
    await store.flush()
    const after = await open()
    expect(text(after, 1)).toBeUndefined()
    expect(text(after, 1, digest(9))).toBe(bodyOf('changed').toString())
  })

  test('is nothing to another program or other phone data, and is written over by it', async () => {
    await saved(file(1))
    const other = await open({ program: 'program 2' })
    expect(other.count).toBe(0)
    other.put(file(2))
    other.storeNext()
    await other.flush()
    expect(text(await open({ program: 'program 2' }), 2)).toBe(bodyOf('pass-2-word').toString())
    expect((await open()).count).toBe(0)
    expect(log.lines).toEqual([])
  })

  test('does not open with another key, which is told once', async () => {
    await saved(file(1), file(2))
    const store = await open({ key: { id: 'k1', key: new Uint8Array(KEY_BYTES).fill(8) } })
    expect(text(store, 1)).toBeUndefined()
    expect(text(store, 2)).toBeUndefined()
    expect(store.has('device-1', digest(1))).toBe(false)
    expect(log.lines).toHaveLength(1)
    expect(text(await open({ key: { id: 'k2', key: KEY.key } }), 1)).toBeUndefined()
  })
})

describe('a damaged file', () => {
  test('gives the right bytes or none, whichever byte was changed', async () => {
    await saved(file(1), file(2))
    const whole = await readFile(path)
    for (let place = 0; place < whole.length; place += 7) {
      const damaged = Buffer.from(whole)
      damaged[place] = (damaged[place] ?? 0) ^ 0x41
      await writeFile(path, damaged)
      const store = await open()
      for (const n of [1, 2]) expect([undefined, bodyOf(`pass-${n}-word`).toString()]).toContain(text(store, n))
    }
  })

  test('gives what stands before the place it was cut off at, and takes new files again', async () => {
    await saved(file(1), file(2), file(3))
    const whole = await readFile(path)
    for (const length of [0, 10, 100, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length))
      const store = await open()
      expect(text(store, 3)).toBeUndefined()
      store.put(file(4))
      while (store.storeNext());
      await store.flush()
      expect(text(await open(), 4)).toBe(bodyOf('pass-4-word').toString())
    }
  })

  test('with records of two phones exchanged gives neither the file of the other', async () => {
    await saved(file(1), file(2), file(3))
    const bytes = await readFile(path)
    const records: Buffer[] = []
    let place = bytes.indexOf('\n') + 1
    const head = bytes.subarray(0, place)
    while (place < bytes.length) {
      const end = place + 4 + bytes.readUInt32LE(place)
      records.push(bytes.subarray(place, end))
      place = end
    }
    expect(records).toHaveLength(4)
    const [pattern, one, two, three] = records as [Buffer, Buffer, Buffer, Buffer]
    const forged = [pattern, Buffer.concat([two.subarray(0, 68), one.subarray(68)]), three]
    forged[1]?.writeUInt32LE((forged[1]?.length ?? 4) - 4)
    await writeFile(path, Buffer.concat([head, ...forged]))
    const store = await open()
    expect(text(store, 2)).toBeUndefined()
    expect(text(store, 3)).toBe(bodyOf('pass-3-word').toString())
  })
})

describe('its size', () => {
  test('is bounded: what does not fit is not kept, which is told once', async () => {
    const store = await open({ mostBytes: 2_000 })
    for (let n = 1; n <= 40; n += 1) store.put(file(n))
    while (store.storeNext());
    await store.flush()
    expect((await stat(path)).size).toBeLessThan(2_200)
    expect(store.count).toBeGreaterThan(1)
    expect(store.count).toBeLessThan(20)
    expect(log.lines).toHaveLength(1)
    expect(store.find('device-40', digest(40))).toBeUndefined()
  })

  test('shrinks when phones are gone; what others are stored as differences from stays', async () => {
    const many = Array.from({ length: 40 }, (_, n) =>
      file(n + 1, { body: Buffer.from(seededRandom(n + 1).bytes(60_000)) }),
    )
    const store = await saved(...many, file(100, { kind: 'other' }), file(101, { kind: 'other' }))
    const before = (await stat(path)).size
    store.retain(new Set(['device-101']))
    store.put(file(102, { kind: 'other' }))
    store.storeNext()
    await store.flush()
    expect((await stat(path)).size).toBeLessThan(before / 10)
    const after = await open()
    expect(text(after, 101)).toBe(bodyOf('pass-101-word').toString())
    expect(text(after, 102)).toBe(bodyOf('pass-102-word').toString())
    expect(text(after, 5)).toBeUndefined()
  })

  test('a file of more than a megabyte is not stored', async () => {
    const store = await open()
    store.put(file(1, { body: Buffer.alloc(1024 * 1024 + 1) }))
    expect(store.storeNext()).toBe(false)
  })
})

test('a disk that takes nothing is told once, and everything is written when it takes files again', async () => {
  await rm(folder, { recursive: true })
  const store = await open()
  for (const n of [1, 2]) {
    store.put(file(n))
    store.storeNext()
    await store.flush()
  }
  expect(log.lines).toHaveLength(1)
  expect(text(store, 1)).toBe(bodyOf('pass-1-word').toString())
  await mkdir(folder)
  await store.flush()
  expect(log.lines).toHaveLength(2)
  expect((await open()).count).toBe(3)
})
