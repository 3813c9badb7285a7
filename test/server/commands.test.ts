import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { eventually, PROGRAM, runProgram, SERVER_TEST_MS, TestInstallation, type Ran } from '../support/server.js'
import { servedAccount } from '../support/served-phones.js'

jest.setTimeout(SERVER_TEST_MS)

const MAC = '805ec0000001'
let installation: TestInstallation

const inProcess = (line: string): Promise<Ran> => installation.runHere(line.split(' '))

beforeAll(async () => {
  installation = await TestInstallation.create()
  const server = await installation.serve()
  await installation.import(`mac,model,extension,name\n${MAC},yealink/t21p-e2,101,Anna Berg\n,,102,Bruno Costa\n`)
  await eventually(() => servedAccount('yealink', `${server.http}/${MAC}.cfg`))
})

afterAll(() => installation.remove())

describe('every command answers --json with one document', () => {
  // In this order: later ones build on what earlier ones did.
  test.each([
    'migrate',
    'extension add 103 --name Chioma',
    'extension list',
    'extension show 103',
    'extension update 103 --email chioma@example.com',
    'extension keys 103 blf:102:Bruno',
    'extension keys 103 --model yealink/t28p',
    'extension reset-password 103',
    'group add Attic',
    'group rename Attic Roof',
    'group keys Roof blf:103 park:700:Park',
    'group keys Roof',
    'group list',
    'group add Sales',
    'extension groups 103 Sales Roof',
    'extension groups 103',
    'extension groups 103 --none',
    'group remove Roof',
    'device add 805ec0000002 --model yealink/t21p-e2 --line 103 --name Desk',
    'device list',
    'device show 805ec0000002',
    'device update 805ec0000002 --name Hall',
    'device keys 805ec0000002 linekey@2=speed-dial:102:Bruno',
    'device events 805ec0000001',
    'device timeline 805ec0000001',
    'device file 805ec0000001',
    'device file 805ec0000001 805ec0000001.cfg --origins',
    'device reset-password 805ec0000002 1',
    'device block 805ec0000002',
    'device approve 805ec0000002',
    'device move 805ec0000002 805ec0000003',
    'device remove 805ec0000003',
    'extension remove 103 --force',
    'registrations',
    'settings set timezone Europe/Berlin',
    'settings get',
    'settings explain 805ec0000001 timezone',
    'settings unset timezone',
    'render 805ec0000001',
    'export',
    'phone models',
    'simulate --count 3 --csv',
    'simulate',
    'tftp-get 805ec0000001.cfg',
    'doctor',
  ])('%s', async (line) => {
    const ran = await inProcess(`${line} --json`)
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
    expect(typeof JSON.parse(ran.stdout)).toBe('object')
  })

  test('the timeline is that of the page, and the origins tell which setting a line comes from', async () => {
    const told = await inProcess('device timeline 805ec0000001 --json')
    const { steps } = JSON.parse(told.stdout) as { steps: { kind: string; file?: string; sha256?: string }[] }
    expect(steps).toContainEqual(expect.objectContaining({ kind: 'asked', outcome: 'served', file: `${MAC}.cfg` }))
    await inProcess('settings set timezone Europe/Berlin --json')
    const shown = await inProcess(`device file ${MAC} ${MAC}.cfg --origins --json`)
    const { lines } = JSON.parse(shown.stdout) as { lines: { parameter?: string; settings: object[] }[] }
    const zone = lines.find(({ parameter }) => parameter === 'local_time.time_zone')
    expect(zone?.settings).toContainEqual(
      expect.objectContaining({
        key: 'timezone',
        layer: 'global',
        value: 'Europe/Berlin',
        setBy: expect.stringMatching(/^cli:/),
      }),
    )
    await inProcess('settings unset timezone --json')
  })

  test('import, too; and what it refuses is listed with row and column', async () => {
    const good = await installation.run(['import', '-', '--json'], { input: 'extension,name\n104,Dmitri\n' })
    expect(JSON.parse(good.stdout)).toMatchObject({ people: { added: 1 } })
    const bad = await installation.run(['import', '-', '--json'], { input: 'mac,extension,name\nxyz,105,Elif\n,,\n' })
    expect(bad).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(bad.stderr)).toMatchObject({
      error: { code: 'CSV_INVALID', problems: [{ row: 2, column: 'mac', code: 'MAC_INVALID' }] },
    })
  })
})

describe('exit codes', () => {
  const run = inProcess

  test('1: refused, with the reason in one line on stderr', async () => {
    expect(await run('device show 805ec0ffffff')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^phoneboot: .*80:5e:c0:ff:ff:ff.*\n(  .*\n)?$/i),
    })
    const asJson = await run('device show 805ec0ffffff --json')
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'DEVICE_NOT_FOUND' } })
    expect(await run('device add 805ec0000001 --model yealink/t21p-e2')).toMatchObject({ code: 1 })
    expect(await run('tftp-get no-such.cfg')).toMatchObject({ code: 1, stdout: '' })
  })

  test.each([
    ['an unknown command', 'srve'],
    ['an unknown option', 'serve --fast'],
    ['a missing argument', 'device show'],
    ['a number that is none', 'simulate --count many'],
    ['a key cell without a place', `device keys ${MAC} blf:102`],
    ['a line that is none', 'device add 805ec0000009 --model yealink/t21p-e2 --line 101@x'],
    ['two layers', 'settings get --site --vendor yealink'],
  ])('2: %s, told on stderr', async (_what, line) => {
    const ran = await run(line)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr.trim()).not.toBe('')
    expect(ran.stderr).not.toMatch(/^\s+at /m)
  })

  test('the self-check by TFTP says what it found, and warns of nothing that its package does', async () => {
    expect(await installation.run(['tftp-get', `${MAC}.cfg`])).toMatchObject({ code: 0, stderr: '' })
  })

  test('3: did its work and found problems', async () => {
    const { settings, folder } = installation
    const alone = { cwd: folder, env: { ...settings, PHONEBOOT_TRUSTED_NETWORKS: '0.0.0.0/0' } }
    expect(await runProgram(['doctor'], alone)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('anybody may fetch'),
    })
    const boot = await run('simulate --count 1 --models snom/d120')
    expect(boot).toMatchObject({ code: 3, stdout: expect.stringContaining('not-found') })
  })

  test('0: help', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('device --help')).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('as the README tells', () => {
  const root = join(dirname(PROGRAM), '..')

  test('the program itself has these exit codes', async () => {
    const codes = await Promise.all(
      ['--help', 'device show 805ec0ffffff', 'srve'].map((line) => installation.run(line.split(' '))),
    )
    expect(codes.map(({ code }) => code)).toEqual([0, 1, 2])
  })

  test('npm run -s phoneboot -- --help', async () => {
    const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'phoneboot', '--', '--help'], { cwd: root })
    expect(stdout).toMatch(/^Usage: phoneboot/)
    for (const command of ['serve', 'demo', 'simulate', 'import', 'doctor']) expect(stdout).toContain(command)
  })

  test('demo --once brings all phones up and ends', async () => {
    const ran = await runProgram(['demo', '--once'], { cwd: installation.folder })
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/9 (of 9 )?phones?/i)
    expect(ran.stdout).toMatch(/p50|p95/)
  })

  test('the config file phoneboot.yaml of the folder counts for commands', async () => {
    await writeFile(join(installation.folder, 'phoneboot.yaml'), 'http_prot: 1\n')
    const ran = await installation.run(['extension', 'list'])
    await writeFile(join(installation.folder, 'phoneboot.yaml'), '')
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('PHONEBOOT_HTTP_PROT') })
  })
})
