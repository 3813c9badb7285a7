import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ERROR_CODES } from '../../src/domain/errors.js'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { STRUCTURES, type StructureName } from '../../src/settings/personal-rules.js'
import type { SettingDefinition } from '../../src/settings/vocabulary.js'
import { loadPhones } from '../support/phone-catalog.js'

const DOCS = join(shippedTemplates(), '../docs')

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function typeOf({ type, structure, values, min, max }: SettingDefinition): string {
  if (structure) return `structure \`${structure}\``
  if (values) return `${type} of ${values.map((value) => `\`${value}\``).join(', ')}`
  if (min !== undefined) return `${type}, ${min} to ${max}`
  return max === undefined ? type : `${type}, up to ${max} characters`
}

function settingsPage(): string {
  const rows = [...loadPhones().vocabulary].map(([name, definition]) => {
    const standard = definition.default === null ? '' : `\`${[definition.default].flat().join(', ')}\``
    return `| \`${name}\` | ${cell(typeOf(definition))} | ${definition.unit ?? ''} | ${standard} | ${definition.layers.join(', ')} | ${definition.actedOnBy} | ${cell(definition.help)} |`
  })
  const structures = Object.entries(EXAMPLES)
    .map(([name, example]) => `- \`${name}\`: \`${JSON.stringify(example)}\``)
    .join('\n')
  return `# Settings

Generated from \`device-templates/vocabulary.yaml\` (\`UPDATE_GOLDEN=1 npm test -- docs/generated\`).

Each setting can be given at the layers named; the strongest layer that has a value wins, from the weakest to the
strongest: global, site, vendor, model, group, extension, device, line. \`npm run -s phoneboot -- settings explain\`
shows where a value comes from. A setting without a default may be set to \`null\`: the phone is then told "cleared".

Any other parameter of a phone can be written as it is: \`raw.<family>.<parameter>\`, for example
\`raw.yealink.account.1.ptime\`, or \`raw.snom.<parameter>#<index>\` for a parameter with an index. A raw parameter wins
over what the template says; an empty text clears it.

Acted on by: \`phone\`, it is written into the phone's file; \`server\`, phoneboot itself does it; \`pbx\`, phoneboot keeps
and checks it and hands it over, and does nothing itself. What a \`structure\` looks like is in the last part of this page.

| Setting | Type | Unit | Default | Layers | Acted on by | What it does |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Structures

${structures}
`
}

const EXAMPLES: Record<StructureName, unknown> = {
  forwardingRules: [
    { status: 'away', action: 'forward', target: { kind: 'queue', number: '6000' }, afterSeconds: 15 },
    { callers: ['+49 30*'], hours: 'closed', days: ['sat', 'sun'], during: { from: '08:00', to: '12:00' }, action: 'hang-up' },
  ],
  officeHours: { mon: [{ from: '08:00', to: '12:00' }, { from: '13:00', to: '17:00' }], sun: [{ from: '00:00', to: '00:00' }] },
  holidays: [{ name: 'Christmas', from: '2026-12-24', to: '2026-12-26' }],
  followMe: [{ number: '202', seconds: 15 }, { number: '+49 171 1234567' }],
  callerIdByTrunk: [{ trunk: 'Telco A', number: '+49 30 123450' }],
  featureCodes: [
    { code: '*26', name: 'Record all calls', on: false },
    { code: '*3', name: 'Record this call', on: true },
  ],
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`)
  return `# Errors

Generated from \`src/domain/errors.ts\` (\`UPDATE_GOLDEN=1 npm test -- docs/generated\`).

Every refusal that a caller can do something about has one of these codes, a message that names field and reason, and
often a hint. Messages never hold secrets. Anything else is a mistake of phoneboot itself: it is logged with its stack
and shown as "internal error".

| Code | Meaning |
| --- | --- |
${rows.join('\n')}
`
}

describe('pages that are generated', () => {
  test.each([
    ['settings.md', settingsPage],
    ['errors.md', errorsPage],
  ])('docs/%s is what the program knows', (name, page) => {
    const file = join(DOCS, name)
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, page())
    expect(readFileSync(file, 'utf8')).toBe(page())
  })
})

test.each(Object.keys(STRUCTURES) as StructureName[])('the example of the structure %s is a value it takes', (name) => {
  expect(STRUCTURES[name].parse(EXAMPLES[name])).toEqual(EXAMPLES[name])
})

describe('docs/add-a-phone.md', () => {
  const text = readFileSync(join(DOCS, 'add-a-phone.md'), 'utf8')

  test('tells every helper that templates have', () => {
    const source = readFileSync(join(shippedTemplates(), '../src/provisioning/template-helpers.ts'), 'utf8')
    const table = source.slice(source.indexOf('const HELPERS'), source.indexOf('\n}\n', source.indexOf('const HELPERS')))
    const helpers = ['set', 'rest', ...[...table.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1] ?? '')]
    expect(helpers.length).toBeGreaterThan(10)
    expect(helpers.filter((helper) => !text.includes(`\`{{${helper}`) && !text.includes(`\`(${helper}`))).toEqual([])
  })

  test('tells every field of manifests, files and banks', () => {
    const schema = JSON.parse(readFileSync(join(shippedTemplates(), 'manifest.schema.json'), 'utf8')) as unknown
    const fields = new Set<string>()
    collect(schema, fields)
    expect(fields.size).toBeGreaterThan(40)
    expect([...fields].filter((field) => !text.includes(`\`${field}\``))).toEqual([])
  })

  test('tells every field of the view', () => {
    const source = readFileSync(join(shippedTemplates(), '../src/provisioning/file-view.ts'), 'utf8')
    const view = source.slice(source.indexOf('export interface LineView'))
    const fields = [...view.matchAll(/^ {2,4}(\w+)\??:/gm)].map((match) => match[1] ?? '')
    expect(fields.length).toBeGreaterThan(25)
    expect([...new Set(fields)].filter((field) => !new RegExp(`[\`.]${field}\\b`).test(text))).toEqual([])
  })
})

/** Names of all properties of a JSON schema. */
function collect(schema: unknown, into: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties' && typeof value === 'object' && value !== null) {
      for (const name of Object.keys(value)) into.add(name)
    }
    collect(value, into)
  }
}
