import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTftpServer, type TftpServer } from '../../src/tftp/edge/server.js'
import type { TftpContent } from '../../src/tftp/handler.js'
import { tftpGet } from '../../src/tftp/edge/client.js'
import { describeWithClients } from '../support/real-clients.js'
import { recordingLog } from '../support/recording-log.js'

const MEMORY_SIZES = [0, 511, 512, 513, 6000] as const
/** 65,535 blocks of 512 bytes are 33,553,920 bytes: the larger one goes past the roll-over. */
const DISK_SIZES = [20_000_000, 34_000_000] as const

let server: TftpServer
let folder: string
const files = new Map<string, { bytes: Buffer; onDisk: boolean }>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-tftp-'))
  for (const size of [...MEMORY_SIZES, ...DISK_SIZES]) {
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 9) + (at >> 17)) & 0xff
    const onDisk = size > 10_000
    if (onDisk) await writeFile(join(folder, `served-${size}`), bytes)
    files.set(`file-${size}.bin`, { bytes, onDisk })
  }
  server = await openTftpServer({
    port: 0,
    bind: ['127.0.0.1'],
    log: recordingLog(),
    handle: ({ path }) => serve(path),
  })
})

afterAll(async () => {
  await server.stop(0)
  await rm(folder, { recursive: true })
})

function serve(path: string): TftpContent {
  const file = files.get(path)
  if (!file) return { kind: 'error', code: 1, message: 'File not found' }
  if (!file.onDisk) return { kind: 'bytes', bytes: file.bytes }
  const served = join(folder, `served-${file.bytes.length}`)
  return { kind: 'file', path: served, sizeBytes: file.bytes.length, lastModified: statSync(served).mtimeMs }
}

interface Ran {
  code: number
  output: string
}

function run(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0
      resolve({ code, output: stdout + stderr })
    })
  })
}

interface Client {
  get(remote: string, local: string): Promise<Ran>
  put?(local: string, remote: string): Promise<Ran>
  /** The largest file that is fetched with it. */
  largest: number
}

const host = '127.0.0.1'
const port = (): string => String(server.port)
const CLIENTS: Record<string, Client> = {
  'tftp-hpa': {
    get: (remote, local) => run('tftp', ['-m', 'octet', host, port(), '-c', 'get', remote, local]),
    put: (local, remote) => run('tftp', ['-m', 'octet', host, port(), '-c', 'put', local, remote]),
    largest: 34_000_000,
  },
  'atftp without options': {
    get: (remote, local) => run('atftp', ['--get', '-r', remote, '-l', local, host, port()]),
    put: (local, remote) => run('atftp', ['--put', '-l', local, '-r', remote, host, port()]),
    largest: 6000,
  },
  'atftp with options': {
    get: (remote, local) =>
      run('atftp', [
        ...['--option', 'blksize 1428', '--option', 'windowsize 8', '--option', 'tsize', '--option', 'timeout 2'],
        ...['--get', '-r', remote, '-l', local, host, port()],
      ]),
    largest: 20_000_000,
  },
  'busybox tftp, blocks of 1428': {
    get: (remote, local) => run('busybox', ['tftp', '-g', '-b', '1428', '-r', remote, '-l', local, host, port()]),
    put: (local, remote) => run('busybox', ['tftp', '-p', '-l', local, '-r', remote, host, port()]),
    largest: 20_000_000,
  },
  curl: {
    get: (remote, local) => run('curl', ['-sS', '-o', local, `tftp://${host}:${port()}/${remote}`]),
    put: (local, remote) => run('curl', ['-sS', '-T', local, `tftp://${host}:${port()}/${remote}`]),
    largest: 6000,
  },
  'curl, blocks of 8192': {
    get: (remote, local) =>
      run('curl', ['-sS', '--tftp-blksize', '8192', '-o', local, `tftp://${host}:${port()}/${remote}`]),
    largest: 20_000_000,
  },
  'curl without options': {
    get: (remote, local) =>
      run('curl', ['-sS', '--tftp-no-options', '-o', local, `tftp://${host}:${port()}/${remote}`]),
    largest: 6000,
  },
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const packages = { tftp: 'tftp-hpa', atftp: 'atftp', busybox: 'busybox', curl: 'curl' }
describeWithClients('TFTP with real clients', packages, () => {
  describe.each(Object.entries(CLIENTS))('%s', (name, client) => {
    const local = `got-${name.replace(/\W+/g, '-')}`

    test.each([...MEMORY_SIZES, ...DISK_SIZES].filter((size) => size <= client.largest))(
      'fetches %i bytes',
      async (size) => {
        const ran = await client.get(`file-${size}.bin`, local)
        // An empty file: curl and atftp exit with 0 and may leave no file behind.
        const got = await readFile(join(folder, local)).catch(() => Buffer.alloc(0))
        expect({ ...ran, digest: digest(got) }).toMatchObject({
          code: 0,
          digest: digest(files.get(`file-${size}.bin`)?.bytes ?? Buffer.alloc(1)),
        })
        await rm(join(folder, local), { force: true })
      },
      60_000,
    )

    test('is told of a missing file', async () => {
      const { code, output } = await client.get('missing.cfg', local)
      expect(`${code} ${output}`).toMatch(/not found|getpeername/i)
      await rm(join(folder, local), { force: true })
    })

    const { put } = client
    if (put) {
      test('may not write', async () => {
        await writeFile(join(folder, 'upload.cfg'), 'from the phone')
        const { code, output } = await put('upload.cfg', 'upload.cfg')
        expect(`${code} ${output}`).toMatch(/refused|access violation|getpeername/i)
      })
    }
  })

  test('netascii by tftp-hpa gives the text back as it was', async () => {
    files.set('text.cfg', { bytes: Buffer.from('one\ntwo\r\nthree\r'), onDisk: false })
    await run('tftp', ['-m', 'netascii', host, port(), '-c', 'get', 'text.cfg', 'got-text'])
    expect(await readFile(join(folder, 'got-text'), 'latin1')).toBe('one\ntwo\r\nthree\r')
  })
})

describe('TFTP with the tftp package', () => {
  const get = (file: string, options = {}): Promise<Buffer> => tftpGet({ host, port: server.port, file, ...options })

  test.each(MEMORY_SIZES)('fetches %i bytes', async (size) => {
    expect(digest(await get(`file-${size}.bin`))).toBe(digest(files.get(`file-${size}.bin`)?.bytes ?? Buffer.alloc(1)))
  })

  test('fetches 34,000,000 bytes in blocks of 512, windows of 16', async () => {
    const got = await get('file-34000000.bin', { blockSize: 512, windowSize: 16 })
    expect(digest(got)).toBe(digest(files.get('file-34000000.bin')?.bytes ?? Buffer.alloc(1)))
  })

  test('is told of a missing file', async () => {
    await expect(get('missing.cfg')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})
