import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateNames } from '../../src/certificates/names.js'
import { openCertificateStore, type CertificateStore } from '../../src/certificates/edge/certificate-store.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { openFirmwareFolder, type FirmwareFolder } from '../../src/firmware/edge/folder.js'
import { NO_NETWORKS } from '../../src/network/trust.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import type { Delivery, Provisioning, ProvisioningRequest } from '../../src/provisioning/delivery.js'
import { createPhoneHttp } from '../../src/provisioning/edge/http.js'
import { startPhoneHttpServer, type PhoneHttpServer } from '../../src/provisioning/edge/http-server.js'
import { describeWithClients } from '../support/real-clients.js'
import { bytesDelivery } from '../support/phone-http.js'

const SIZES = [0, 511, 512, 513, 20 * 1024 * 1024, 34_000_000]
const PLACE = 'firmware/yealink/t21p-e2/52.84.0.125'

interface Ran {
  code: number
  stdout: string
  stderr: string
}

function run(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 64 * 1024 * 1024, encoding: 'latin1' }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Bytes that differ at every place, so that a part in the wrong place shows; smaller ones are its beginnings. */
const PATTERN = ((): Buffer => {
  const { imul } = Math
  const words = new Uint32Array(34_000_000 / 4)
  for (let i = 0; i < 34_000_000 / 4; i += 1) words[i] = imul(i + 1, 0x9e3779b1)
  return Buffer.from(words.buffer)
})()

function patterned(size: number): Buffer {
  return PATTERN.subarray(0, size)
}

/** Firmware from the real folder index, one config, nothing else. */
class FolderPipeline implements Provisioning {
  constructor(readonly folder: () => FirmwareFolder) {}

  deliver(request: ProvisioningRequest): { delivery: Delivery; finish(): void } {
    return { delivery: this.#look(request), finish: () => undefined }
  }

  #look({ operation, path }: ProvisioningRequest): Delivery {
    if (operation === 'write') return { kind: 'upload-refused' }
    if (path === '/001565aabbcc.cfg') return bytesDelivery('#!version:1.0.0.1\n')
    let decoded = ''
    try {
      decoded = decodeURIComponent(path.slice(1))
    } catch {
      return { kind: 'absent' }
    }
    const file = this.folder().find(decoded)
    return file ? { kind: 'file', ...file } : { kind: 'absent' }
  }
}

describeWithClients('real HTTP clients', { curl: 'curl', busybox: 'busybox' }, () => {
  let base: string
  let firmware: FirmwareFolder
  let certificates: CertificateStore
  let server: PhoneHttpServer
  let http: string
  const hashes = new Map<number, string>()

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'phoneboot-curl-'))
    await mkdir(join(base, PLACE), { recursive: true })
    await writeFile(join(base, 'secret'), 'outside of the firmware folder')
    for (const size of SIZES) {
      const body = patterned(size)
      hashes.set(size, sha256(body))
      await writeFile(join(base, PLACE, `${size}.rom`), body)
    }
    firmware = await openFirmwareFolder({ folder: join(base, 'firmware'), clock: systemClock, log: SILENT_LOG })
    const names = certificateNames({ hostName: 'boot1', addresses: ['127.0.0.1'] })
    certificates = await openCertificateStore({
      dataDir: base,
      names: () => names,
      clock: systemClock,
      log: SILENT_LOG,
    })
    await writeFile(join(base, 'ca.crt'), certificates.caPem() ?? '')
    const provisioning = new FolderPipeline(() => firmware)
    server = await startPhoneHttpServer({
      handler: createPhoneHttp({ provisioning, trustedProxies: NO_NETWORKS, clock: systemClock, log: SILENT_LOG }),
      provisioning,
      bind: ['127.0.0.1'],
      httpPort: 0,
      https: { port: 0, certificates },
      clock: systemClock,
      log: SILENT_LOG,
    })
    http = `http://127.0.0.1:${server.httpPort}`
  })

  afterAll(async () => {
    await server.stop()
    await certificates.close()
    await firmware.close()
    await rm(base, { recursive: true, force: true })
  })

  async function fetched(size: number, ...args: string[]): Promise<{ ran: Ran; hash: string }> {
    const out = join(base, `out-${size}`)
    await rm(out, { force: true })
    const ran = await run('curl', ['-sSf', '-o', out, ...args, `${http}/${PLACE}/${size}.rom`])
    return { ran, hash: sha256(await readFile(out).catch(() => Buffer.alloc(0))) }
  }

  test.each(SIZES)('curl fetches %i bytes of firmware', async (size) => {
    expect(await fetched(size)).toEqual({ ran: { code: 0, stdout: '', stderr: '' }, hash: hashes.get(size) })
  })

  test.each(SIZES)('busybox wget fetches %i bytes of firmware', async (size) => {
    const out = join(base, `wget-${size}`)
    const { code, stderr } = await run('busybox', ['wget', '-q', '-O', out, `${http}/${PLACE}/${size}.rom`])
    expect({ code, stderr, hash: sha256(await readFile(out)) }).toEqual({ code: 0, stderr: '', hash: hashes.get(size) })
  })

  test.each([1, 511, 10_000_000, 33_999_999])('curl -C - goes on after %i bytes', async (have) => {
    const out = join(base, `resumed-${have}`)
    await writeFile(out, patterned(34_000_000))
    await truncate(out, have)
    const url = `${http}/${PLACE}/34000000.rom`
    const { code, stdout } = await run('curl', [
      '-sSf',
      '-C',
      '-',
      '-o',
      out,
      '-w',
      '%{http_code} %{size_download}',
      url,
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `206 ${34_000_000 - have}` })
    expect(sha256(await readFile(out))).toBe(hashes.get(34_000_000))
  })

  test('busybox wget -c goes on where it stopped', async () => {
    const out = join(base, 'continued')
    await writeFile(out, patterned(SIZES[4] ?? 0).subarray(0, 1_000_001))
    const { code } = await run('busybox', ['wget', '-q', '-c', '-O', out, `${http}/${PLACE}/${SIZES[4]}.rom`])
    expect(code).toBe(0)
    expect(sha256(await readFile(out))).toBe(hashes.get(SIZES[4] ?? 0))
  })

  test('curl -C - of a whole file is told 416 and keeps it', async () => {
    const out = join(base, 'whole')
    await writeFile(out, patterned(513))
    const url = `${http}/${PLACE}/513.rom`
    const { stdout } = await run('curl', ['-sS', '-C', '-', '-o', out, '-w', '%{http_code}', url])
    expect(stdout).toBe('416')
    expect(sha256(await readFile(out))).toBe(hashes.get(513))
  })

  test('curl -I is told length, type, ETag, date and ranges', async () => {
    const { stdout } = await run('curl', ['-sSI', `${http}/${PLACE}/34000000.rom`])
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    for (const header of [
      'Content-Length: 34000000',
      'Content-Type: application/octet-stream',
      'Accept-Ranges: bytes',
    ]) {
      expect(stdout).toContain(`${header}\r\n`)
    }
    expect(stdout).toMatch(/^ETag: "[^"]+"\r$/m)
    expect(stdout).toMatch(/^Last-Modified: .* GMT\r$/m)
    expect(stdout).not.toMatch(/server|x-powered-by|transfer-encoding/i)
  })

  test('curl --etag-compare and -z are told 304', async () => {
    const etags = join(base, 'etag')
    const url = `${http}/001565aabbcc.cfg`
    const code = ['-sS', '-o', join(base, 'config'), '-w', '%{http_code}']
    expect((await run('curl', [...code, '-R', '--etag-save', etags, url])).stdout).toBe('200')
    expect((await run('curl', [...code, '--etag-compare', etags, url])).stdout).toBe('304')
    expect((await run('curl', [...code, '-z', join(base, 'config'), url])).stdout).toBe('304')
    expect((await stat(join(base, 'config'))).size).toBe(18)
  })

  test('curl -0 and keep-alive work', async () => {
    expect((await fetched(513, '-0')).hash).toBe(hashes.get(513))
    const { stdout } = await run('curl', ['-sS', '-0', '-i', `${http}/001565aabbcc.cfg`])
    expect(stdout).toMatch(/Content-Length: 18\r\n[^]*Connection: close\r\n/)
    const two = ['-sS', '-w', '%{num_connects} ', '-o', '/dev/null', `${http}/001565aabbcc.cfg`]
    expect((await run('curl', [...two, '-o', '/dev/null', `${http}/nothing`])).stdout).toBe('1 0 ')
  })

  test('curl with the CA fetches over HTTPS, by address and by name; without it, it refuses', async () => {
    const address = `127.0.0.1:${server.httpsPort}`
    const ca = ['--cacert', join(base, 'ca.crt')]
    const byAddress = await run('curl', ['-sSf', ...ca, `https://${address}/001565aabbcc.cfg`])
    expect(byAddress).toEqual({ code: 0, stdout: '#!version:1.0.0.1\n', stderr: '' })
    const connectTo = ['--connect-to', `::${address}`]
    const named = await run('curl', ['-sSf', ...ca, ...connectTo, 'https://boot1/001565aabbcc.cfg'])
    expect(named.stdout).toBe('#!version:1.0.0.1\n')
    expect((await run('curl', ['-sSf', ...ca, ...connectTo, 'https://elsewhere/001565aabbcc.cfg'])).code).toBe(60)
    expect((await run('curl', ['-sSf', `https://${address}/001565aabbcc.cfg`])).code).toBe(60)
  })

  test('curl -T and --data are refused with 405', async () => {
    const code = ['-sS', '-o', '/dev/null', '-w', '%{http_code}']
    const small = join(base, PLACE, '513.rom')
    const large = join(base, PLACE, '34000000.rom')
    expect((await run('curl', [...code, '-T', small, `${http}/001565aabbcc-local.cfg`])).stdout).toBe('405')
    expect((await run('curl', [...code, '-T', large, `${http}/001565aabbcc.log`])).stdout).toBe('405')
    expect((await run('curl', [...code, '--data-binary', `@${small}`, `${http}/upload`])).stdout).toBe('405')
    expect((await run('curl', [...code, `${http}/001565aabbcc-local.cfg`])).stdout).toBe('404')
  })

  test('no spelling of a traversal gives anything but the plain 404', async () => {
    const answerTo = async (path: string): Promise<string> => {
      const { stdout } = await run('curl', ['-sS', '-i', '--path-as-is', '-g', `${http}${path}`])
      return stdout.replace(/^Date: .*\r\n/m, '')
    }
    const plain = await answerTo('/nothing')
    expect(plain).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    const ups = ['..', '%2e%2e', '.%2e', '%2E.', '..%00', '%252e%252e', '..;', '....', '%c0%ae%c0%ae', '%uff0e%uff0e']
    const slashes = ['/', '%2f', '%5c', '\\', '//', '%252f', '%c0%af', '/./']
    const paths = ups.flatMap((up) => slashes.map((slash) => `/firmware${slash}${up}${slash}secret`))
    const more = [
      '/../secret',
      '//secret',
      `/${base}/secret`,
      `/firmware/yealink/../../../secret`,
      '/firmware/',
      '/%',
      '/%zz',
    ]
    const answers = new Map<string, string>()
    for (const path of [...paths, ...more]) answers.set(path, await answerTo(path))
    expect([...answers].filter(([, answer]) => answer !== plain)).toEqual([])
  })
})
