import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { PROGRAM, SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

/** A copy of what is built, whose files a test may change. */
let copy: string
let compiled: string
let whole: Buffer
let installation: TestInstallation

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'phoneboot-compiled-'))
  const root = join(dirname(PROGRAM), '..')
  for (const name of ['dist', 'package.json']) await cp(join(root, name), join(copy, name), { recursive: true })
  for (const name of ['node_modules', 'device-templates']) await symlink(join(root, name), join(copy, name))
  const parts = join(copy, 'dist', 'parts')
  compiled = join(parts, (await readdir(parts)).find((name) => name.endsWith('.compiled')) ?? 'missing')
  whole = await readFile(compiled)
  installation = await TestInstallation.create()
})
afterAll(async () => {
  await installation.remove()
  await rm(copy, { recursive: true })
})

/** What `group list` says, and how: a V8 that trusted damaged code would end by a signal. */
async function ask(): Promise<{ code: number | null; stdout: string }> {
  const { code, stdout } = await installation.run(['--json', 'group', 'list'], {
    program: join(copy, 'dist', 'phoneboot.js'),
  })
  return { code, stdout }
}

const working = { code: 0, stdout: '[]\n' }

test('what V8 compiled for the build is good for the V8 that runs it, and the build before left nothing', async () => {
  expect(await ask()).toEqual(working)
  expect(whole.length).toBeGreaterThan(1_000_000)
  const parts = await readdir(join(copy, 'dist', 'parts'))
  expect(parts).toHaveLength(2)
  const check = `
    const { readFileSync } = require('node:fs')
    const [script, compiled] = process.argv.slice(1)
    const { cachedDataRejected } = new (require('node:vm').Script)(readFileSync(script, 'latin1'), {
      cachedData: readFileSync(compiled).subarray(32),
    })
    console.log(cachedDataRejected)`
  const env = { ...process.env, NODE_OPTIONS: '' }
  const loader = await readFile(join(dirname(PROGRAM), '..', 'src', 'phoneboot.ts'), 'utf8')
  const flags = [...loader.matchAll(/setFlagsFromString\('(.+)'\)/g)].map(([, flag = '']) => flag)
  const told = execFileSync(process.execPath, [...flags, '-e', check, compiled.replace('.compiled', ''), compiled], {
    env,
  })
  expect(told.toString()).toBe('false\n')
})

test('damaged, cut off, empty or missing it is left alone, and the program runs', async () => {
  const flipped = Buffer.from(whole)
  flipped[2_000_000] = (flipped[2_000_000] ?? 0) ^ 0xff
  for (const content of [flipped, whole.subarray(0, whole.length - 1_000), Buffer.alloc(0)]) {
    await writeFile(compiled, content)
    expect(await ask()).toEqual(working)
  }
  await rm(compiled)
  expect(await ask()).toEqual(working)
  expect(await readdir(dirname(compiled))).toHaveLength(1)
})
