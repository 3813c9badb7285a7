import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NO_PAUSE } from '../../src/bulk/pace.js'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { moveIn, type MoveIn, type MoveInParts } from '../../src/move-in/move-in.js'
import { parseGiven } from '../../src/provisioning/example.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { loadPhones } from '../support/phone-catalog.js'

const phones = loadPhones()
const learnt: MoveInParts['learnt'] = new Map()
const parts = (model?: string): MoveInParts => ({
  ...phones,
  render: createRenderer(phones.catalog, READERS, { templatesAreProven: true }),
  readers: READERS,
  preferredZones: ['Europe/Berlin'],
  modelOf: () => model,
  pace: NO_PAUSE,
  learnt,
})
const ruleOf = (zone: unknown): unknown => phones.zones.get(String(zone))
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')

/** Settings that say where the phone registers and asks, or that the file of some vendor holds in another form. */
const NOT_READ_BACK = new Set([
  ...['sipServer', 'sipPort', 'outboundProxy', 'provisioningScheme', 'firmwareVersion'],
  // Lists and steps are looked at by people: the report names the parameters.
  ...['codecs', 'forwardNoAnswerSeconds', 'registrationExpiry', 'provisioningPoll', 'natKeepAlive'],
])

/** Models whose files differ in kind. */
const KINDS = [
  ...['yealink/t19p', 'yealink/t21p-e2', 'yealink/t28p', 'snom/d120', 'snom/d785'],
  ...['grandstream/gxp1628', 'grandstream/gxp2170', 'grandstream/grp2613'],
]
const examples = KINDS.map((model) => ({ model, folder: join(shippedTemplates(), model, 'examples', 'full') }))

test.each(examples)(
  'our own files of $model, read back, are the lines and settings they were made of',
  async ({ model, folder }) => {
    const given = parseGiven(parse(readFileSync(join(folder, 'given.yaml'), 'utf8')), folder)
    const names = readdirSync(join(folder, 'expect'))
    const files = names.map((name) => ({ name, bytes: readFileSync(join(folder, 'expect', name)) }))
    const found = await moveIn(parts(model), files)
    expect(found.problems).toEqual([])
    const [phone] = found.phones
    expect(phone?.model).toBe(model)
    expect(phone?.lines.map(({ position, number }) => [position, number])).toEqual(
      given.lines.map(({ position, extension }, index) => [position ?? index + 1, extension]),
    )
    const read = phone?.settings ?? new Map<string, unknown>()
    for (const [key, value] of Object.entries(given.settings)) {
      // What a phone is not told, it cannot tell; what it tells must be right.
      if (NOT_READ_BACK.has(key) || !read.has(key)) continue
      // Zones with one rule are one to most phones.
      if (key === 'timezone') expect(ruleOf(read.get(key))).toEqual(ruleOf(value))
      else expect([key, read.get(key)]).toEqual([key, value])
    }
    expect([...read.keys()].length).toBeGreaterThan(8)
  },
)

const ACCOUNT = `#!version:1.0.0.1
## made by another provisioning server

account.1.enable = 1
account.1.label = Reception
account.1.display_name = Anna Berg
account.1.user_name = 101
account.1.auth_name = 101
account.1.password = s3cret-of-101
account.1.sip_server.1.address = pbx.old.example
account.1.sip_server.1.port = 5060
linekey.1.type = 15
linekey.1.line = 1
linekey.2.type = 16
linekey.2.line = 1
linekey.2.value = sip:102@pbx.old.example
linekey.2.label = Bob
local_time.time_zone = +1
local_time.ntp_server1 = 192.0.2.123
lang.gui = German
voice_mail.number.1 = *98
features.unknown_feature = 1
ldap.password = hidden
wallpaper_upload.url = http://pbx.old.example/logo.png
`

const yealink = (mac: string, text: string): Promise<MoveIn> =>
  moveIn(parts('yealink/t21p-e2'), [{ name: `${mac}.cfg`, bytes: bytes(text) }])

test('a file of another server gives person, password, keys and settings; its addresses stay behind', async () => {
  const { phones: found, plan, problems } = await yealink('001565aabbcc', ACCOUNT)
  expect(problems).toEqual([])
  const [phone] = found
  expect(phone?.lines[0]).toMatchObject({ position: 1, number: '101', name: 'Anna Berg', username: '101' })
  expect(phone?.lines[0]?.password.reveal()).toBe('s3cret-of-101')
  expect(phone?.keys).toContainEqual({ bank: 'linekey', position: 2, kind: 'blf', value: '102', label: 'Bob' })
  expect(Object.fromEntries(phone?.settings ?? [])).toMatchObject({ ntpServer: '192.0.2.123', voicemailNumber: '*98' })
  expect(plan.settings.map(({ key }) => key)).not.toContain('sipServer')
  expect(plan.csv.split('\r\n')[1]).toMatch(
    /^001565aabbcc,yealink\/t21p-e2,1,101,Anna Berg,101,s3cret-of-101,blf:102:Bob/,
  )
  const untaken = new Map(plan.untaken.map((one) => [one.name, one]))
  expect(untaken.get('features.unknown_feature')).toMatchObject({ value: '1', old: false, phones: 1 })
  expect(untaken.get('wallpaper_upload.url')).toMatchObject({ old: true })
  expect(untaken.get('ldap.password')?.value).toBe('********')
})

test('what most phones say is for the site, what one says for its person', async () => {
  const files = ['001565000001', '001565000002', '001565000003'].map((mac, index) => {
    const text = ACCOUNT.replaceAll('= 101', `= ${101 + index}`)
    return { name: `${mac}.cfg`, bytes: bytes(index === 2 ? text.replace('German', 'French') : text) }
  })
  const { plan } = await moveIn(parts('yealink/t21p-e2'), files)
  const language = plan.settings.filter(({ key }) => key === 'language')
  expect(language).toEqual([
    { layer: 'site', owner: '', key: 'language', value: 'de', phones: 2 },
    { layer: 'extension', owner: '103', key: 'language', value: 'fr', phones: 1 },
  ])
  const [head = '', , , third = ''] = plan.csv.split('\r\n').map((line) => line.split(','))
  expect(third[head.indexOf('language')]).toBe('fr')
})

test('what a file says of many values is no value: without summer time are many zones', async () => {
  const text = ACCOUNT.replace('local_time.time_zone = +1\n', 'local_time.summer_time = 0\n')
  const { plan } = await yealink('001565aabbcc', text)
  expect(plan.settings.map(({ key }) => key)).not.toContain('timezone')
})

test('a file that no phone would read is told of once', async () => {
  const { problems, phones: found } = await yealink('001565aabbcc', 'account.1.enable = 1\n')
  expect(found).toEqual([])
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('line 1'),
    expect.stringContaining('cannot be read'),
  ])
})

test('a person on two phones is told of once', async () => {
  const files = ['001565000001', '001565000002'].map((mac) => ({ name: `${mac}.cfg`, bytes: bytes(ACCOUNT) }))
  const { plan } = await moveIn(parts('yealink/t21p-e2'), files)
  expect(plan.people).toEqual([{ number: '101', name: 'Anna Berg' }])
  expect(plan.csv.match(/s3cret-of-101/g)).toHaveLength(1)
})

test('a phone whose model nobody knows is named with those it could be', async () => {
  const found = await moveIn(parts(), [{ name: '001565aabbcc.cfg', bytes: bytes(ACCOUNT) }])
  expect(found.phones).toEqual([])
  expect(found.unsure).toEqual([{ mac: '001565aabbcc', models: expect.arrayContaining(['yealink/t21p-e2']) }])
  expect(found.problems).toEqual([
    expect.objectContaining({
      code: 'MODEL_UNKNOWN',
      message: expect.stringMatching(/001565aabbcc.*--model.*yealink\//s),
    }),
  ])
})

test('a common file that only one model asks for tells the model of the others', async () => {
  const common = readdirSync(join(shippedTemplates(), 'yealink/t28p/examples/full/expect')).find((name) =>
    /^y0/.test(name),
  )
  const found = await moveIn(parts(), [
    { name: String(common), bytes: bytes('#!version:1.0.0.1\nlocal_time.ntp_server1 = 192.0.2.7\n') },
    { name: '001565aabbcc.cfg', bytes: bytes(ACCOUNT.replace(/^local_time.ntp.*\n/m, '')) },
  ])
  expect(found.phones[0]?.model).toBe('yealink/t28p')
  expect(found.phones[0]?.settings.get('ntpServer')).toBe('192.0.2.7')
})

test('a line that no phone would understand is left out and told; strange files are named', async () => {
  const found = await moveIn(parts('yealink/t21p-e2'), [
    { name: '001565aabbcc.cfg', bytes: bytes(ACCOUNT.replace('lang.gui', 'this is no parameter\nlang.gui')) },
    { name: 'notes.txt', bytes: bytes('hello') },
  ])
  expect(found.phones).toHaveLength(1)
  expect(found.problems).toEqual([expect.objectContaining({ file: '001565aabbcc.cfg', severity: 'warning' })])
  expect(found.strange).toEqual(['notes.txt'])
})

test('what our files will say otherwise is told, credentials and addresses apart', async () => {
  const { differences } = await yealink(
    '001565aabbcc',
    `${ACCOUNT}features.intercom.allow = 0\nlocal_time.summer_time = 0\n`,
  )
  expect(differences.map(({ name }) => name)).not.toContain('account.1.password')
  for (const { theirs, ours } of differences) expect(theirs).not.toBe(ours)
})

test('a Snom phone and a Grandstream phone are read by their own rules', async () => {
  const snom = await moveIn(parts('snom/d120'), [
    {
      name: 'snomD120-000413AABBCC.htm',
      bytes: bytes(
        `<?xml version="1.0" encoding="utf-8"?>\n<settings><phone-settings>
<user_active idx="1" perm="">on</user_active><user_realname idx="1" perm="">Carla</user_realname>
<user_name idx="1" perm="">103</user_name><user_pass idx="1" perm="">pw103</user_pass>
<user_host idx="1" perm="">pbx.old.example</user_host></phone-settings></settings>`,
      ),
    },
  ])
  expect(snom.phones[0]?.lines.map(({ number, name }) => [number, name])).toEqual([['103', 'Carla']])
  const grandstream = await moveIn(parts('grandstream/gxp1628'), [
    {
      name: 'cfg000b82aabbcc.xml',
      bytes: bytes(
        `<?xml version="1.0" encoding="UTF-8"?>\n<gs_provision version="1"><mac>000b82aabbcc</mac><config version="1">
<P271>1</P271><P47>pbx.old.example</P47><P35>104</P35><P36>104</P36><P34>pw104</P34><P3>Dora</P3>
</config></gs_provision>`,
      ),
    },
  ])
  expect(grandstream.problems).toEqual([])
  expect(grandstream.phones[0]?.lines.map(({ number, name }) => [number, name])).toEqual([['104', 'Dora']])
  expect(grandstream.phones[0]?.mac).toBe('000b82aabbcc' as Mac)
})
