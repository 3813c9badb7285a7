import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openDatabases, prepareDataDir } from '../../src/database/edge/connect.js'
import { inWriteTransaction } from '../../src/database/edge/write.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { describeOverDatabases } from '../support/databases.js'

describe('opening a database', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'phoneboot-connect-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const open = (part: { url?: string; dataDir?: string }): ReturnType<typeof openDatabases> =>
    openDatabases({ dataDir: folder, log: SILENT_LOG, ...part })

  test('a data folder below a file is refused', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(open({ dataDir: join(folder, 'file', 'data') })).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
  })

  test('a data folder where the system makes none, as below /proc, is refused and not tried for ever', async () => {
    for (const dataDir of ['/proc/phoneboot/data', '/proc/self/data']) {
      await expect(open({ dataDir })).rejects.toMatchObject({
        code: 'DATA_DIR_UNUSABLE',
        message: `data folder ${dataDir} cannot be used: no folder can be made there`,
        details: { field: 'PHONEBOOT_DATA_DIR', hint: expect.stringContaining('set PHONEBOOT_DATA_DIR') },
      })
    }
    await expect(open({ url: 'sqlite:/proc/phoneboot/data.sqlite' })).rejects.toMatchObject({
      code: 'DATABASE_UNUSABLE',
    })
  })

  test('a data folder is made with those above it, for its owner alone', async () => {
    const dataDir = join(folder, 'var', 'lib', 'phoneboot')
    await Promise.all([prepareDataDir(dataDir), prepareDataDir(dataDir)])
    for (const one of [dataDir, join(folder, 'var')]) expect((await stat(one)).mode & 0o777).toBe(0o700)
  })

  test('a file that is no database is refused and left as it is', async () => {
    await writeFile(join(folder, 'phoneboot.sqlite'), 'this is a text file, and long enough for a header. '.repeat(100))
    await expect(open({})).rejects.toMatchObject({
      code: 'DATABASE_UNUSABLE',
      message: expect.stringContaining('not a SQLite database'),
    })
  })

  test('a kind of URL we do not know is refused without repeating it', async () => {
    await expect(open({ url: 'mysql://root:geheim@db/x' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.not.stringContaining('geheim'),
    })
  })

  test('a PostgreSQL that is not there is named without the password', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const failure = await open({ url: `postgres://phoneboot:geheim@127.0.0.1:${port}/x` }).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({
      code: 'DATABASE_UNUSABLE',
      message: `PostgreSQL at 127.0.0.1:${port}/x cannot be used: connection refused`,
    })
    expect(JSON.stringify(failure)).not.toContain('geheim')
  })

  test('sqlite:<path> opens that file, and the live one beside it', async () => {
    const databases = await open({ url: `sqlite:${join(folder, 'other.db')}` })
    expect(databases.files).toEqual({ main: join(folder, 'other.db'), live: join(folder, 'other-live.db') })
    await databases.close()
  })

  test('a data folder that an ordinary user cannot write is refused for him', async () => {
    // Root may write everywhere, so the folder is tried as user nobody.
    const asNobody =
      process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : []
    const readOnly = join(folder, 'read-only')
    await chmod(folder, 0o755)
    spawnSync('mkdir', ['-m', '0555', readOnly])
    const [command = '', ...args] = [...asNobody, 'test', '-w', readOnly]
    expect(spawnSync(command, args).status).toBe(1)
    if (asNobody.length === 0) {
      await expect(open({ dataDir: readOnly })).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
      return
    }
    const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
    process.setegid?.(65534)
    process.seteuid?.(65534)
    try {
      await expect(open({ dataDir: join(readOnly, 'data') })).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
    } finally {
      process.seteuid?.(uid)
      process.setegid?.(gid)
    }
  })
})

describeOverDatabases('write transactions', (fresh) => {
  test('what one has read does not change before it commits, whoever else writes', async () => {
    const [one, other] = [fresh().databases.main, (await fresh().reopen()).main]
    await one('sites').update({ revision: 1 })
    const grow = (db: typeof one): Promise<void> =>
      inWriteTransaction(db, async (trx) => {
        const [site] = (await trx('sites').select('revision')) as { revision: number }[]
        await trx('sites').update({ revision: (site?.revision ?? 0) + 1 })
      })
    await Promise.all(Array.from({ length: 20 }, (_, index) => grow(index % 2 === 0 ? one : other)))
    expect(await one('sites').select('revision')).toEqual([{ revision: 21 }])
  })

  test('big counts and times come back as numbers', async () => {
    const at = 1_760_000_000_000
    await fresh().databases.main('sites').update({ updated_at: at })
    const counted: unknown = await fresh().databases.main('sites').count({ n: '*' }).max({ at: 'updated_at' })
    expect(counted).toEqual([{ n: 1, at }])
  })
})
