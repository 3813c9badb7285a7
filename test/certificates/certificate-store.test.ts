import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECK_MS, openCertificateStore, type CertificateStore } from '../../src/certificates/edge/certificate-store.js'
import { issueCa, issueLeaf } from '../../src/certificates/edge/issue.js'
import { caValidity, leafValidity } from '../../src/certificates/names.js'
import { FakeClock } from '../support/fake-clock.js'
import { recordingLog, type RecordingLog } from '../support/recording-log.js'

const DAY = 86_400_000
const NAMES = { dns: ['boot1', 'localhost'], addresses: ['10.0.0.5', '127.0.0.1', 'fd00::5'] }
let dataDir: string
let clock: FakeClock
let log: RecordingLog
let names = NAMES
const opened: CertificateStore[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'phoneboot-tls-'))
  clock = new FakeClock(Date.now())
  log = recordingLog()
  names = NAMES
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
  await rm(dataDir, { recursive: true, force: true })
})

async function open(operator?: { certFile: string; keyFile: string }): Promise<CertificateStore> {
  const store = await openCertificateStore({
    dataDir,
    names: () => names,
    ...(operator ? { operator } : {}),
    clock,
    log,
  })
  opened.push(store)
  return store
}

async function operatorFiles(host: string): Promise<{ certFile: string; keyFile: string }> {
  const validity = caValidity(clock.now())
  const leaf = await issueLeaf(
    { dns: [host], addresses: [] },
    leafValidity(clock.now(), validity),
    await issueCa(validity, host),
  )
  const files = { certFile: join(dataDir, 'own.crt'), keyFile: join(dataDir, 'own.key') }
  await writeFile(files.certFile, leaf.cert)
  await writeFile(files.keyFile, leaf.key)
  return files
}

describe('the own certificate', () => {
  test('is made at the first start with every name and address, signed by an own CA', async () => {
    const store = await open()
    const leaf = new X509Certificate(store.current().cert)
    const ca = new X509Certificate(store.caPem() ?? '')
    expect(ca.ca).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.verify(ca.publicKey)).toBe(true)
    expect(leaf.checkHost('boot1')).toBe('boot1')
    for (const address of NAMES.addresses) expect(leaf.checkIP(address)).toBe(address)
    expect(leaf.checkHost('elsewhere')).toBeUndefined()
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  })

  test('keys are for the owner only, and no temporary file is left', async () => {
    await open()
    const folder = join(dataDir, 'tls')
    for (const key of ['ca.key', 'server.key']) expect((await stat(join(folder, key))).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await readdir(folder)).sort()).toEqual(['ca.crt', 'ca.key', 'server.crt', 'server.key'])
  })

  test('outlives a restart', async () => {
    const first = await open()
    const second = await open()
    expect(second.current()).toEqual(first.current())
    expect(second.caPem()).toBe(first.caPem())
  })

  test('is made anew by the same CA when an address appears, and listeners are told', async () => {
    const store = await open()
    let told = 0
    const forget = store.onChange(() => (told += 1))
    names = { ...NAMES, addresses: [...NAMES.addresses, '10.0.0.77'] }
    clock.advance(CHECK_MS)
    await store.check()
    const leaf = new X509Certificate(store.current().cert)
    expect(leaf.checkIP('10.0.0.77')).toBe('10.0.0.77')
    expect(leaf.verify(new X509Certificate(store.caPem() ?? '').publicKey)).toBe(true)
    expect(told).toBe(1)
    forget()
    names = { ...NAMES, dns: ['new'] }
    await store.check()
    expect(told).toBe(1)
  })

  test('is made anew before it ends', async () => {
    const store = await open()
    const before = store.current().cert
    clock.advance(300 * DAY)
    await store.check()
    expect(store.current().cert).toBe(before)
    clock.advance(70 * DAY)
    await store.check()
    expect(store.current().cert).not.toBe(before)
    expect(Date.parse(new X509Certificate(store.current().cert).validTo)).toBeGreaterThan(clock.now() + 300 * DAY)
  })

  test('a damaged server certificate is replaced, the CA stays', async () => {
    const first = await open()
    await writeFile(join(dataDir, 'tls/server.key'), 'damaged')
    const second = await open()
    expect(second.current().cert).not.toBe(first.current().cert)
    expect(second.caPem()).toBe(first.caPem())
  })

  test('a CA without its key stops the start and is never replaced unasked', async () => {
    await open()
    const certBefore = await readFile(join(dataDir, 'tls/ca.crt'), 'utf8')
    await rm(join(dataDir, 'tls/ca.key'))
    await expect(open()).rejects.toMatchObject({ code: 'KEY_FILE_UNUSABLE' })
    await writeFile(join(dataDir, 'tls/ca.key'), 'damaged')
    await expect(open()).rejects.toMatchObject({ code: 'KEY_FILE_UNUSABLE' })
    expect(await readFile(join(dataDir, 'tls/ca.crt'), 'utf8')).toBe(certBefore)
  })

  test('a start that was cut off between key and certificate of the CA is made good', async () => {
    await mkdir(join(dataDir, 'tls'))
    await writeFile(join(dataDir, 'tls/ca.key'), 'half')
    expect((await open()).caPem()).toContain('BEGIN CERTIFICATE')
  })

  test('a data folder that is none is DATA_DIR_UNUSABLE', async () => {
    await rm(dataDir, { recursive: true })
    await writeFile(dataDir, 'a file')
    await expect(open()).rejects.toMatchObject({ code: expect.stringMatching(/^(DATA_DIR|KEY_FILE)_UNUSABLE$/) })
  })

  test('a server certificate that cannot be stored serves from memory', async () => {
    await open()
    const folder = join(dataDir, 'tls')
    for (const file of ['server.key', 'server.crt']) {
      await rm(join(folder, file))
      await mkdir(join(folder, file))
    }
    const store = await open()
    expect(new X509Certificate(store.current().cert).checkHost('boot1')).toBe('boot1')
    expect(log.lines.some(({ level, message }) => level === 'warn' && message.includes('not stored'))).toBe(true)
  })

  test('no key is ever logged', async () => {
    const store = await open()
    const told = JSON.stringify(log.lines)
    expect(told).not.toContain('PRIVATE')
    expect(told).not.toContain(store.current().key.split('\n')[1])
  })
})

describe("the operator's certificate", () => {
  test('is used as it is, without an own CA', async () => {
    const files = await operatorFiles('one.example')
    const store = await open(files)
    expect(store.current().cert).toBe(await readFile(files.certFile, 'utf8'))
    expect(store.caPem()).toBeUndefined()
    expect(await readdir(dataDir)).not.toContain('tls')
  })

  test('is taken up again when the files change, without a restart', async () => {
    const store = await open(await operatorFiles('one.example'))
    let told = 0
    store.onChange(() => (told += 1))
    await operatorFiles('two.example')
    clock.advance(CHECK_MS)
    await store.check()
    expect(new X509Certificate(store.current().cert).checkHost('two.example')).toBe('two.example')
    expect(told).toBe(1)
    await store.check()
    expect(told).toBe(1)
  })

  test('while key and certificate do not fit, the old pair stays and that is told once', async () => {
    const files = await operatorFiles('one.example')
    const store = await open(files)
    const [oldCert, oldKey] = [await readFile(files.certFile, 'utf8'), await readFile(files.keyFile, 'utf8')]
    await operatorFiles('two.example')
    const newKey = await readFile(files.keyFile, 'utf8')
    await writeFile(files.keyFile, oldKey)
    await store.check()
    await store.check()
    expect(store.current().cert).toBe(oldCert)
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    await writeFile(files.keyFile, newKey)
    await store.check()
    expect(new X509Certificate(store.current().cert).checkHost('two.example')).toBe('two.example')
  })

  test('files that are missing, unreadable or no pair stop the start with the name of the setting', async () => {
    const files = await operatorFiles('one.example')
    await expect(open({ ...files, keyFile: join(dataDir, 'no.key') })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { field: 'PHONEBOOT_TLS_KEY' },
    })
    await expect(open({ ...files, certFile: files.keyFile })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await chmod(files.keyFile, 0o600)
    await writeFile(files.keyFile, 'no key')
    await expect(open(files)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

test('a closed store leaves no timer', async () => {
  const store = await open()
  await store.close()
  expect(clock.pending).toBe(0)
})
