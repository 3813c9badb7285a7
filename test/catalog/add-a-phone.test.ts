import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { assembleCatalog } from '../../src/catalog/assemble.js'
import { loadTemplateFolders, shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { AppError } from '../../src/domain/errors.js'
import { checkExamples } from '../../src/provisioning/edge/examples.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'phoneboot-override-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const T23P = `
manifest: 1
model: yealink/t23p
extends: yealink
name: Yealink SIP-T23P
match: { model: T23P, aliases: [T23G], hardware: 44 }
lines: 3
generations: { min: 80, max: 84 }
keys:
  linekey: { count: 3, kinds: [line, blf, speed-dial], labelMax: 10 }
firmware: { file: "T23-{version}.rom", version: '^44\\.\\d+\\.\\d+\\.\\d+$' }
samples:
  - userAgent: "Yealink SIP-T23P 44.84.0.140 00:15:65:4c:4c:26"
    is: { model: yealink/t23p, firmware: 44.84.0.140, mac: 0015654c4c26 }
`

const PERSON = `
people: [{ number: "101", name: Anna Berg, keys: [{ kind: blf, value: "102" }] }]
lines: [{ extension: "101" }]
`

/** Renders the example of the operator's folder and gives its files; throws what is wrong. */
function rendered(model: string, name = 'minimal'): (file: string) => string {
  const report = checkExamples([shippedTemplates(), folder], { update: true, only: model })
  const problems = report.cases.flatMap((one) => one.problems)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return (file) => readFileSync(join(folder, model, 'examples', name, 'expect', file), 'utf8')
}

describe('adding a phone without TypeScript', () => {
  beforeEach(() => {
    write('yealink/t23p/model.yaml', T23P)
    write('yealink/t23p/examples/minimal/given.yaml', PERSON)
  })

  test('a model in the operator’s folder is identified by file name and User-Agent', () => {
    const { catalog } = loadPhones(folder)
    expect(catalog.findFile('y000000000044.cfg').map(({ model }) => model.model)).toEqual(['yealink/t23p'])
    expect(catalog.findFile('001565AABBCC.cfg').map(({ model }) => model.model)).toContain('yealink/t23p')
    const claim = catalog.userAgent('Yealink SIP-T23G 44.84.0.140 00:15:65:4c:4c:26')
    expect(claim && catalog.modelByToken(claim.family, claim.model)?.name).toBe('Yealink SIP-T23P')
    expect(catalog.digest).not.toBe(loadPhones().catalog.digest)
  })

  test('its config is rendered from the family’s templates, with its own number of accounts and keys', () => {
    const config = rendered('yealink/t23p')('001565aabbcc.cfg')
    expect(config).toContain('account.1.user_name = 101\n')
    expect(config).toContain('account.3.enable = 0\n')
    expect(config).not.toContain('account.4.')
    expect(config).toContain('linekey.2.type = 16\nlinekey.2.line = 1\nlinekey.2.value = 102\n')
    expect(config).not.toContain('linekey.4.')
  })

  test('its examples are compared byte for byte from then on', () => {
    rendered('yealink/t23p')
    const file = join(folder, 'yealink/t23p/examples/minimal/expect/001565aabbcc.cfg')
    writeFileSync(file, readFileSync(file, 'utf8').replace('account.1.enable = 1', 'account.1.enable = 0'))
    const [one] = checkExamples([shippedTemplates(), folder], { only: 'yealink/t23p' }).cases
    expect(one?.problems).toEqual([
      expect.stringContaining('expected "account.1.enable = 0", got "account.1.enable = 1"'),
    ])
  })

  test('a template of the shipped folder can be replaced by one of the same name', () => {
    write('yealink/partials/time.hbs', '{{set "local_time.ntp_server1" "192.0.2.123"}}\n')
    const config = rendered('yealink/t23p')('001565aabbcc.cfg')
    expect(config).toContain('local_time.ntp_server1 = 192.0.2.123\n')
    expect(config).not.toContain('local_time.time_zone')
  })

  test('a shipped model can be replaced by one of the same id', () => {
    write(
      'yealink/t21p-e2/model.yaml',
      T23P.replaceAll('yealink/t23p', 'yealink/t21p-e2').replaceAll('T23P', 'T21P_E2').replace('lines: 3', 'lines: 9'),
    )
    expect(modelOf(loadPhones(folder).catalog, 'yealink/t21p-e2').lines).toBe(9)
  })

  test('a family of another vendor, with a file format of its own spelling, needs no more', () => {
    write(
      'acme/family.yaml',
      `
manifest: 1
family: acme
vendor: Acme
oui: []
userAgent: ['^Acme/(?<model>\\w+) (?<firmware>[\\d.]+)$']
generation: { part: 1 }
eras: {}
files:
  device: { path: "acme-{MAC}.xml", scope: device, template: phone.hbs, secrets: true }
fileDefaults: { contentType: text/xml, escape: xml, entry: '  <{name}{attributes}>{value}</{name}>', empty: '', booleans: ["off", "on"], reader: snom-xml }
banks: []
keyFields: {}
keyKinds: { none: {} }
words: {}
adminPassword: { alphabet: "0123456789", length: 6 }
notify: { resync: check-sync, reboot: check-sync }
`,
    )
    write(
      'acme/phone.hbs',
      `<?xml version="1.0" encoding="utf-8"?>
<settings>
<phone-settings>
{{#each lines}}
{{set "user_realname" displayName idx=n perm=""}}
{{set "user_active" enabled idx=n perm=""}}
{{/each}}
</phone-settings>
</settings>
`,
    )
    write(
      'acme/one/model.yaml',
      'manifest: 1\nmodel: acme/one\nextends: acme\nname: Acme One\nmatch: { model: One }\nlines: 2\nkeys: {}\ngenerations: { min: 1, max: 1 }\n',
    )
    write('acme/one/examples/minimal/given.yaml', PERSON.replace('Anna Berg', '"<Anna> & Co"'))
    expect(rendered('acme/one')('acme-001565AABBCC.xml')).toContain(
      '<user_realname perm="" idx="1">&lt;Anna&gt; &amp; Co</user_realname>\n  <user_active perm="" idx="1">on</user_active>',
    )
  })
})

describe('mistakes are told by file and field', () => {
  // Read once, and Yealink only: these tests are about the operator's files.
  const shipped = loadTemplateFolders([shippedTemplates()])
  const yealink = shipped.manifests.filter(({ file }) => file.startsWith('yealink/'))

  function mistake(): string {
    try {
      const own = loadTemplateFolders([folder])
      const catalog = assembleCatalog({
        ...shipped,
        manifests: [...yealink, ...own.manifests],
        templates: new Map([...shipped.templates, ...own.templates]),
      })
      createRenderer(catalog, READERS)
    } catch (error) {
      if (error instanceof AppError && error.code === 'TEMPLATES_INVALID') {
        const problems = error.details.problems ?? []
        return problems.length > 0 ? problems.map(({ message }) => message).join('\n') : error.message
      }
      throw error
    }
    return 'none'
  }

  function changed(from: string | RegExp, to: string): string {
    const text = T23P.replace(from, () => to)
    expect(text).not.toBe(T23P)
    write('yealink/t23p/model.yaml', text)
    return mistake()
  }

  test('the phone of the walk-through has none', () => {
    write('yealink/t23p/model.yaml', T23P)
    expect(mistake()).toBe('none')
  })

  test.each<[string, string | RegExp, string, RegExp]>([
    [
      'an unknown key kind',
      'speed-dial',
      'speeddial',
      /t23p\/model\.yaml: keys\.linekey\.kinds\.2: Invalid option.*speed-dial/,
    ],
    ['a kind without fields', 'speed-dial', 'redial', /yealink\/t23p: keys\.linekey: keyKinds has no "redial"/],
    ['a field that does not exist', 'lines: 3', 'lines: 3\nlinez: 3', /Unrecognized key: "linez"/],
    ['a field that is missing', /name:.*\n/, '', /t23p\/model\.yaml: name: Invalid input/],
    ['a bank that the family does not list', 'linekey:', 'sidekey:', /keys\.sidekey: banks does not list it/],
    ['an unknown parent', 'extends: yealink', 'extends: yealnik', /yealink\/t23p: extends unknown "yealnik"/],
    [
      'a template that does not exist',
      'lines: 3',
      'lines: 3\nfiles: { device: { path: "{mac}.cfg", scope: device, template: devise.hbs } }',
      /files\.device: template yealink\/devise\.hbs does not exist/,
    ],
    [
      'a file without template',
      'lines: 3',
      'lines: 3\nfiles: { extra: { path: "{mac}.xml", scope: device } }',
      /files\.extra: neither template nor refuse/,
    ],
    [
      'a name that no phone of it could ask for',
      ', hardware: 44',
      '',
      /files\.common: y\{hardware:12\}\.cfg cannot be built from match/,
    ],
    [
      'secrets in a file for everybody',
      'lines: 3',
      'lines: 3\nfiles: { common: { secrets: true } }',
      /files\.common: only a device's file may hold secrets/,
    ],
    [
      'an expression that could hang the server',
      'lines: 3',
      "lines: 3\nuserAgent: ['^(?:(?<model>a+)+)(?<firmware>1)$']",
      /userAgent: nested quantifier/,
    ],
    [
      'a sample that is read otherwise',
      'firmware: 44.84.0.140,',
      'firmware: 44.84.0.141,',
      /samples: "Yealink SIP-T23P.*" gives firmware 44\.84\.0\.140/,
    ],
    ['a sample of another model', 'SIP-T23P 44', 'SIP-T21P_E2 44', /samples: .* is read as yealink\/t21p-e2/],
    [
      'a slot that is used twice',
      'labelMax: 10',
      'labelMax: 10, slots: [{ value: P1 }, { value: P2 }, { value: P1 }]',
      /keys\.linekey 3\.value: parameter P1 is used twice/,
    ],
    ['too few slots', 'labelMax: 10', 'labelMax: 10, slots: [{ value: P1 }]', /keys\.linekey: 3 keys but 1 slots/],
    ['too few accounts', 'lines: 3', 'lines: 3\naccounts: [{ user: P35 }]', /accounts: 3 lines but 1 accounts/],
    [
      'a place in a key field that does not exist',
      'lines: 3',
      'lines: 3\nkeyKinds: { blf: { value: "{nummer}" } }',
      /blf\.value: unknown place \{nummer\}/,
    ],
    [
      'a key field that the family does not have',
      'lines: 3',
      'lines: 3\nkeyKinds: { blf: { colour: red } }',
      /blf\.colour: keyFields has no "colour"/,
    ],
    ['a mistake of YAML itself', 'lines: 3', 'lines: [3', /yealink\/t23p\/model\.yaml: .*line \d+/],
  ])('%s', (_what, from, to, message) => {
    expect(changed(from, to)).toMatch(message)
  })

  test.each<[string, string, RegExp]>([
    ['an unclosed block', '{{#if cleared}}x', /yealink\/device\.hbs: Parse error on line 1/],
    ['unescaped output', 'x\n{{{mac}}}', /yealink\/device\.hbs:2: \{\{\{ \}\}\} and \{\{& \}\} write unescaped text/],
    ['an unknown helper', '\n\n{{upper mac}}', /yealink\/device\.hbs:3: there is no helper "upper"/],
    [
      'an unknown helper within a call',
      '{{set "a" (upper mac)}}',
      /yealink\/device\.hbs:1: there is no helper "upper"/,
    ],
  ])('%s in a template', (_what, template, message) => {
    write('yealink/device.hbs', template)
    expect(mistake()).toMatch(message)
  })

  test('a list of several mistakes is told whole', () => {
    write('yealink/t23p/model.yaml', T23P.replace('speed-dial', 'redial').replace(', hardware: 44', ''))
    expect(mistake().split('\n').length).toBeGreaterThan(1)
  })

  test('a manifest that is neither family nor model is named', () => {
    write('yealink/t99/model.yaml', 'manifest: 1\nname: nobody\n')
    expect(mistake()).toMatch(/yealink\/t99\/model\.yaml: neither "family" nor "model" is given/)
    write('yealink/t99/model.yaml', '- a\n- b\n')
    expect(mistake()).toMatch(/yealink\/t99\/model\.yaml: a manifest is a map/)
  })

  test('a folder that cannot be read is named', () => {
    expect(() => loadPhones(join(folder, 'nowhere'))).toThrow(/nowhere: the folder cannot be read/)
  })
})
