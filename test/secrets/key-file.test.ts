import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { KEY_FILE_NAME, loadOrCreateKeyRing } from '../../src/secrets/edge/key-file.js'
import { seededRandom } from '../support/seeded-random.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-key-'))
  path = join(folder, KEY_FILE_NAME)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const load = (sealed = false, seed = 1): ReturnType<typeof loadOrCreateKeyRing> =>
  loadOrCreateKeyRing({ path, random: seededRandom(seed), sealedRowsExist: () => Promise.resolve(sealed) })
const refused = (message: RegExp): object =>
  expect.objectContaining({ code: 'KEY_FILE_UNUSABLE', message: expect.stringMatching(message) }) as object

test('a first start makes a key file of mode 0600, whatever the umask, and leaves nothing beside it', async () => {
  const umask = process.umask(0)
  try {
    await load()
  } finally {
    process.umask(umask)
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual([KEY_FILE_NAME])
})

test('a later start reads the same key and does not write the file', async () => {
  const first = await load(false, 1)
  const text = await readFile(path, 'utf8')
  const second = await load(true, 2)
  expect(second.current).toEqual({ id: first.current.id, key: Buffer.from(first.current.key) })
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('processes that start at once end up with one key', async () => {
  const rings = await Promise.all([1, 2, 3, 4, 5].map((seed) => load(false, seed)))
  expect(new Set(rings.map(({ current }) => Buffer.from(current.key).toString('hex'))).size).toBe(1)
  expect(await readdir(folder)).toEqual([KEY_FILE_NAME])
})

test('a missing file while sealed rows exist is refused and not made anew', async () => {
  await expect(load(true)).rejects.toEqual(refused(/missing/))
  expect(await readdir(folder)).toEqual([])
})

test.each(['640', '604', '660', '644'])('mode %s, open to others, is refused', async (mode) => {
  await load()
  await chmod(path, Number.parseInt(mode, 8))
  await expect(load(true)).rejects.toEqual(refused(/read by others/))
})

test.each([
  ['empty', ''],
  ['cut short', 'abcdefgh c2hvcnQ=\n'],
  ['not a key file', 'hello world\n'],
])('a file that is %s is refused and left as it is', async (_what, text) => {
  await writeFile(path, text, { mode: 0o600 })
  await expect(load(false)).rejects.toEqual(refused(/damaged/))
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('a folder in its place is refused', async () => {
  await mkdir(path)
  await expect(load(false)).rejects.toEqual(refused(/not a regular file/))
})
