import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { openFirmwareFolder, RESCAN_MS, type FirmwareFolder } from '../../src/firmware/edge/folder.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { FakeClock } from '../support/fake-clock.js'

const PATH = 'firmware/yealink/t21p-e2/52.84.0.125/T21P_E2.rom'
let base: string
let folder: string
let clock: FakeClock
let opened: FirmwareFolder | undefined

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'phoneboot-firmware-'))
  folder = join(base, 'firmware')
  clock = new FakeClock()
  await mkdir(join(folder, 'yealink/t21p-e2/52.84.0.125'), { recursive: true })
  await writeFile(join(base, PATH), 'image')
})
afterEach(async () => {
  await opened?.close()
  opened = undefined
  await rm(base, { recursive: true, force: true })
})

async function open(where = folder): Promise<FirmwareFolder> {
  opened = await openFirmwareFolder({ folder: where, clock, log: SILENT_LOG })
  return opened
}

describe('the firmware folder', () => {
  test('finds an image by its path, in any case', async () => {
    const index = await open()
    const file = index.find(PATH)
    expect(file).toMatchObject({ path: join(base, PATH), sizeBytes: 5, contentType: 'application/octet-stream' })
    expect(file?.etag).toMatch(/^"[^"]+"$/)
    expect(index.find(PATH.toUpperCase())).toEqual(file)
  })

  test('lists images with SHA-256 once known; the ETag then comes from it and outlives a touch', async () => {
    const index = await open()
    await index.hashed()
    const sha256 = sha256Hex('image')
    expect(index.list()).toEqual([
      { family: 'yealink', model: 't21p-e2', version: '52.84.0.125', fileName: 'T21P_E2.rom', sizeBytes: 5, sha256 },
    ])
    expect(index.find(PATH)?.etag).toBe(`"${sha256.slice(0, 32)}"`)
    await utimes(join(base, PATH), 1, 1)
    await index.rescan()
    await index.hashed()
    expect(index.find(PATH)).toMatchObject({ etag: `"${sha256.slice(0, 32)}"`, lastModified: 1000 })
  })

  test('new, changed and deleted files are noticed by the scan that comes by itself', async () => {
    const index = await open()
    const before = index.find(PATH)?.etag
    await writeFile(join(base, PATH), 'another image')
    await writeFile(join(folder, 'yealink/t21p-e2/52.84.0.125/new.rom'), '')
    clock.advance(RESCAN_MS)
    await index.rescan()
    expect(index.find(PATH)?.sizeBytes).toBe(13)
    expect(index.find(PATH)?.etag).not.toBe(before)
    expect(index.find('firmware/yealink/t21p-e2/52.84.0.125/new.rom')?.sizeBytes).toBe(0)
    await rm(join(base, PATH))
    await index.rescan()
    expect(index.find(PATH)).toBeUndefined()
  })

  test('other bytes of the same size and time get another SHA-256', async () => {
    const index = await open()
    await utimes(join(base, PATH), 1, 1)
    await index.rescan()
    await writeFile(join(base, PATH), 'IMAGE')
    await utimes(join(base, PATH), 1, 1)
    await index.rescan()
    await index.hashed()
    expect(index.list()[0]?.sha256).toBe(sha256Hex('IMAGE'))
  })

  test('a link inside the folder is followed, one that leads outside is not there', async () => {
    await writeFile(join(base, 'secret.rom'), 'secret')
    const version = join(folder, 'yealink/t21p-e2/52.84.0.125')
    await symlink(join(base, 'secret.rom'), join(version, 'outside.rom'))
    await symlink('T21P_E2.rom', join(version, 'inside.rom'))
    await symlink('/etc', join(folder, 'yealink/etc'))
    await symlink(base, join(folder, 'yealink/t21p-e2/base'))
    await symlink('52.84.0.125', join(folder, 'yealink/t21p-e2/current'))
    await symlink('nowhere', join(version, 'dangling.rom'))
    const index = await open()
    const at = (name: string): string => `firmware/yealink/t21p-e2/${name}`
    expect(index.find(at('52.84.0.125/outside.rom'))).toBeUndefined()
    expect(index.find(at('52.84.0.125/dangling.rom'))).toBeUndefined()
    expect(index.find(at('base/secret.rom'))).toBeUndefined()
    expect(index.find('firmware/yealink/etc/ssl/openssl.cnf')).toBeUndefined()
    expect(index.find(at('52.84.0.125/inside.rom'))?.path).toBe(join(base, PATH))
    expect(index.find(at('current/T21P_E2.rom'))?.path).toBe(join(base, PATH))
  })

  test('nothing but the listed spelling is found', async () => {
    await writeFile(join(folder, 'yealink/t21p-e2/52.84.0.125/.hidden'), 'x')
    await writeFile(join(folder, 'yealink/loose.rom'), 'x')
    const index = await open()
    for (const path of [
      `/${PATH}`,
      `firmware/../${PATH}`,
      'firmware/yealink/../yealink/t21p-e2/52.84.0.125/T21P_E2.rom',
      'firmware//yealink/t21p-e2/52.84.0.125/T21P_E2.rom',
      'firmware/yealink/t21p-e2/52.84.0.125/',
      'firmware/yealink/t21p-e2/52.84.0.125/.hidden',
      'firmware/yealink/loose.rom',
      '__proto__',
      '',
    ]) {
      expect(index.find(path)).toBeUndefined()
    }
  })

  test('a folder that is not there is empty, and filled when it comes', async () => {
    await rename(folder, join(base, 'away'))
    const index = await open()
    expect(index.list()).toEqual([])
    await rename(join(base, 'away'), folder)
    await index.rescan()
    expect(index.find(PATH)).toBeDefined()
  })

  test('a folder that cannot be read is told once and keeps what was known', async () => {
    const told: string[] = []
    const log = { ...SILENT_LOG, warn: (_: object, message: string) => void told.push(message) }
    opened = await openFirmwareFolder({ folder, clock, log })
    await opened.hashed()
    await rename(folder, join(base, 'away'))
    await writeFile(folder, 'a file in its place')
    await opened.rescan()
    await opened.rescan()
    expect(told).toHaveLength(1)
    expect(opened.find(PATH)).toBeDefined()
  })

  test('closing leaves no timer', async () => {
    const index = await open()
    await index.close()
    expect(clock.pending).toBe(0)
  })
})
