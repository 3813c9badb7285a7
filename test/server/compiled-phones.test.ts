import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { expectRefusal, PROGRAM, SERVER_TEST_MS, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const MODEL = 'device-templates/yealink/t21p-e2/model.yaml'
const TEMPLATE = 'device-templates/yealink/device.hbs'
const MAC = '001565aabbcc'

/** A copy of what is built, whose files a test may change. */
let copy: string
let originals: Map<string, string>
let installation: TestInstallation
const file = (name: string): string => join(copy, name)
const program = (): { program: string } => ({ program: file('dist/phoneboot.js') })

async function edit(name: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file(name), 'utf8')
  const changed = change(text)
  expect(changed).not.toBe(text)
  await writeFile(file(name), changed)
}

async function ask(...args: string[]): Promise<string> {
  const ran = await installation.run(args, program())
  if (![0, 3].includes(ran.code ?? -1)) throw new Error(`${args.join(' ')}: ${ran.stderr}`)
  return ran.stdout
}

const asBuilt = async (): Promise<boolean> => (await ask('doctor')).includes('all manifests are sound (as built)')

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'phoneboot-built-'))
  const root = join(dirname(PROGRAM), '..')
  for (const name of ['dist', 'device-templates', 'package.json']) {
    await cp(join(root, name), file(name), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), file('node_modules'))
  const names = [MODEL, TEMPLATE, 'device-templates/vocabulary.yaml', 'dist/phones.json']
  originals = new Map(await Promise.all(names.map(async (name) => [name, await readFile(file(name), 'utf8')] as const)))
})
afterAll(() => rm(copy, { recursive: true }))

beforeEach(async () => {
  installation = await TestInstallation.create()
  await ask('extension', 'add', '101', '--name', 'Anna Berg')
  await ask('device', 'add', MAC, '--model', 'yealink/t21p-e2', '--line', '101')
})
afterEach(async () => {
  for (const [name, text] of originals) await writeFile(file(name), text)
  await installation.remove()
})

const configOf = (options = {}): Promise<string> =>
  installation.run(['render', MAC], { ...program(), ...options }).then(({ stdout }) => stdout)

test('what the build stored gives the same file as the YAML it was made from', async () => {
  expect(await asBuilt()).toBe(true)
  const built = await configOf()
  expect(built).toContain('Anna Berg')
  await rm(file('dist/phones.json'))
  expect(await asBuilt()).toBe(false)
  expect(await configOf()).toBe(built)
})

test('a template, manifest or vocabulary that is another one since the build is noticed', async () => {
  await edit(TEMPLATE, (text) => `${text}# changed after the build\n`)
  expect(await asBuilt()).toBe(false)
  expect(await configOf()).toContain('# changed after the build')
  await writeFile(file(TEMPLATE), originals.get(TEMPLATE) ?? '')
  expect(await asBuilt()).toBe(true)
  await edit(MODEL, (text) => text.replace(/^name: .*$/m, 'name: Another name'))
  expect(await ask('phone', 'models')).toContain('Another name')
  await writeFile(file(MODEL), originals.get(MODEL) ?? '')
  await edit(
    'device-templates/vocabulary.yaml',
    (text) => `${text}\nnewSetting: { type: boolean, default: null, layers: [global], help: New }\n`,
  )
  await ask('settings', 'set', 'newSetting', 'true')
})

test('a mistake made since the build is told at the start', async () => {
  await edit(TEMPLATE, (text) => `${text}{{#nonsense}}{{/nonsense}}\n`)
  expectRefusal(await installation.run(['serve'], program()), /yealink\/device/)
})

test('a file of another build, or a damaged one, is not used', async () => {
  await edit('dist/phones.json', (text) => text.replace('"lines":2', '"lines":3'))
  expect(await asBuilt()).toBe(false)
  await writeFile(file('dist/phones.json'), '{"sources":')
  expect(await asBuilt()).toBe(false)
  expect(await configOf()).toContain('Anna Berg')
})

test("an operator's folder is laid over it and checked", async () => {
  const folder = join(installation.folder, 'phones')
  await cp(file('device-templates/yealink/device.hbs'), join(folder, 'yealink', 'device.hbs'))
  const env = { PHONEBOOT_TEMPLATES_DIR: folder }
  const plain = await configOf()
  expect(await configOf({ env })).toBe(plain)
  const own = join(folder, 'yealink', 'device.hbs')
  await writeFile(own, `${await readFile(own, 'utf8')}# of the operator\n`)
  expect(await configOf({ env })).toContain('# of the operator')
  await writeFile(own, '{{#nonsense}}{{/nonsense}}')
  expectRefusal(await installation.run(['serve'], { ...program(), env }), /yealink\/device/)
})
