import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  checkSetting,
  parseRawKey,
  parseVocabulary,
  phoneVocabulary,
  type SettingContent,
} from '../../src/settings/vocabulary.js'
import { loadPhones } from '../support/phone-catalog.js'

const TYPES = parseVocabulary(`
flag: { type: boolean, default: null, layers: [global], help: h }
count: { type: integer, min: 1, max: 10, default: null, layers: [global], help: h }
words: { type: text, max: 5, default: null, layers: [global], help: h }
choice: { type: enum, values: [a, b], default: null, layers: [global], help: h }
several: { type: list, values: [a, b, c], default: null, layers: [global], help: h }
dial: { type: number, default: null, layers: [global], help: h }
proxy: { type: endpoint, default: null, layers: [global], help: h }
machine: { type: host, default: null, layers: [global], help: h }
link: { type: url, default: null, layers: [global], help: h }
zone: { type: timezone, default: null, layers: [global], help: h }
phone: { type: telephone, default: null, layers: [global], help: h }
phones: { type: telephones, default: null, layers: [global], help: h }
span: { type: ranges, default: null, layers: [global], help: h }
mail: { type: email, default: null, layers: [global], help: h }
nets: { type: networks, default: null, layers: [global], help: h }
pin: { type: secret, max: 8, default: null, layers: [global], help: h }
ini: { type: lines, max: 60, default: null, layers: [global], help: h }
hours: { type: structure, structure: officeHours, default: null, layers: [global], help: h }
off: { type: structure, structure: holidays, default: null, layers: [global], help: h }
rules: { type: structure, structure: forwardingRules, default: null, layers: [global], help: h }
tries: { type: structure, structure: followMe, default: null, layers: [global], help: h }
trunks: { type: structure, structure: callerIdByTrunk, default: null, layers: [global], help: h }
always: { type: enum, values: [a, b], default: a, layers: [global, device], help: Pick one }
`)

function check(key: string, value: unknown): SettingContent {
  return checkSetting(TYPES, key, 'global', value)
}

describe('values that are taken', () => {
  test.each<[string, unknown, SettingContent]>([
    ['flag', true, true],
    ['flag', 'yes', true],
    ['flag', 'ON', true],
    ['flag', '0', false],
    ['count', 10, 10],
    ['count', ' 7 ', 7],
    ['words', ' grün ', 'grün'],
    ['words', '😀😀😀😀😀', '😀😀😀😀😀'],
    ['choice', 'b', 'b'],
    ['several', 'a, c', ['a', 'c']],
    ['several', ['b'], ['b']],
    ['dial', '*97', '*97'],
    ['dial', '+4930123', '+4930123'],
    ['machine', 'pbx.example.com', 'pbx.example.com'],
    ['proxy', '192.0.2.1:5070', '192.0.2.1:5070'],
    ['proxy', '[2001:db8::1]:5060', '[2001:db8::1]:5060'],
    ['proxy', 'pbx', 'pbx'],
    ['link', 'http://192.0.2.1/a b'.replace(' ', '%20'), 'http://192.0.2.1/a%20b'],
    ['link', 'tftp://192.0.2.1/x', 'tftp://192.0.2.1/x'],
    ['zone', 'Europe/Berlin', 'Europe/Berlin'],
    ['flag', 'null', null],
    ['dial', '', null],
    ['words', null, null],
    ['phone', '+7 (999) 123-45-67', '+7 (999) 123-45-67'],
    ['phone', '00123456789', '00123456789'],
    ['phones', '+49 30 1, +49 30 2', ['+49 30 1', '+49 30 2']],
    ['span', '200-299, 7', ['200-299', '7']],
    ['mail', 'anna@example.com', 'anna@example.com'],
    ['nets', '192.0.2.77/24 2001:DB8::1/32', ['192.0.2.0/24', '2001:db8::/32']],
    ['nets', ['10.1.2.3'], ['10.1.2.3/32']],
    ['pin', '0042', '0042'],
    ['ini', '[acl]\r\n\tpermit = 10.0.0.0/8 \n', '[acl]\r\n\tpermit = 10.0.0.0/8 \n'],
    ['hours', '{"mon":[{"from":"00:00","to":"23:59"}],"sun":[]}', { mon: [{ from: '00:00', to: '23:59' }], sun: [] }],
    ['hours', { tue: [{ from: '00:00', to: '00:00' }] }, { tue: [{ from: '00:00', to: '00:00' }] }],
    [
      'off',
      [{ name: 'Advent', from: '2026-12-01', to: '2026-12-24' }],
      [{ name: 'Advent', from: '2026-12-01', to: '2026-12-24' }],
    ],
    [
      'rules',
      [
        { status: 'away', action: 'forward', target: { kind: 'queue', number: '6000' } },
        { callers: ['+49 30*'], during: { from: '08:00', to: '12:00' }, action: 'hang-up' },
      ],
      [
        { status: 'away', action: 'forward', target: { kind: 'queue', number: '6000' } },
        { callers: ['+49 30*'], during: { from: '08:00', to: '12:00' }, action: 'hang-up' },
      ],
    ],
    [
      'tries',
      [{ number: '202', seconds: 10 }, { number: '+49 171 1' }],
      [{ number: '202', seconds: 10 }, { number: '+49 171 1' }],
    ],
    [
      'trunks',
      [
        { trunk: 'A', number: '1' },
        { trunk: 'B', number: '2' },
      ],
      [
        { trunk: 'A', number: '1' },
        { trunk: 'B', number: '2' },
      ],
    ],
  ])('%s = %j', (key, given, kept) => {
    expect(check(key, given)).toEqual(kept)
  })
})

describe('values that are refused, naming the setting', () => {
  test.each<[string, unknown]>([
    ['flag', 'maybe'],
    ['flag', 1],
    ['count', 0],
    ['count', 11],
    ['count', 1.5],
    ['count', '1e1'],
    ['words', 'too long'],
    ['words', 'a\nb'],
    ['words', 'a\u2028b'],
    ['words', '\ud800'],
    ['words', 'a\ufeffb'],
    ['words', 'a\ufffeb'],
    ['words', 'a\uffffb'],
    ['choice', 'c'],
    ['choice', 'constructor'],
    ['several', []],
    ['several', 'a,d'],
    ['dial', '12 34'],
    ['dial', '1\n2'],
    ['dial', 'x'.repeat(41)],
    ['machine', 'a b'],
    ['machine', '2001:db8::1'],
    ['machine', 'pbx:5060'],
    ['proxy', 'pbx:99999'],
    ['proxy', 'pbx:0'],
    ['machine', 'pbx/path'],
    ['link', 'javascript:alert(1)'],
    ['link', 'http://'],
    ['link', 'http://h/\u0001'],
    ['link', 'http://h/\u0085x'],
    ['link', 'http://h/\u007f'],
    ['link', 'http://h/\ud800'],
    ['link', `http://h/${'x'.repeat(250)}`],
    ['zone', 'Europe/Bonn'],
    ['zone', 'EST5EDT4'],
    ['words', { a: 1 }],
    ['phone', 'call me'],
    ['phone', ' 1\n2'],
    ['phones', []],
    ['span', '299-200'],
    ['span', '1-200'],
    ['mail', 'anna'],
    ['mail', 'a@b, c@d'],
    ['nets', '10.0.0.0/33'],
    ['nets', []],
    ['nets', 'none'],
    ['nets', 'anywhere'],
    ['pin', '123456789'],
    ['pin', '[secret]'],
    ['ini', 'a\u0000b'],
    ['ini', 'x'.repeat(61)],
    ['hours', 'all day'],
    ['hours', '{"mon":[{"from":"09:00","to":"08:00"}]}'],
    ['hours', '{"mon":[{"from":"9","to":"10"}]}'],
    ['hours', '{"noday":[]}'],
    ['hours', {}],
    ['off', [{ name: 'x', from: '2026-02-30' }]],
    ['off', [{ name: '<b>\u0007', from: '2026-02-03' }]],
    ['rules', [{ action: 'forward' }]],
    ['rules', [{ action: 'voicemail', target: { kind: 'queue', number: '1' } }]],
    ['rules', [{ action: 'ring', unknown: 1 }]],
    ['rules', []],
    ['tries', [{ number: 'nobody there' }]],
    ['trunks', [{ trunk: '', number: '1' }]],
  ])('%s = %j', (key, given) => {
    expect(() => check(key, given)).toThrow(
      expect.objectContaining({
        code: 'SETTING_VALUE_INVALID',
        message: expect.stringContaining(key),
        details: expect.objectContaining({ field: key }),
      }),
    )
  })

  test('a setting with a default cannot be cleared, because no phone can do without it', () => {
    expect(() => check('always', null)).toThrow(/unset/)
    expect(() => check('always', '')).toThrow(expect.objectContaining({ code: 'SETTING_VALUE_INVALID' }))
  })

  test('a layer that the setting does not have is refused with the layers it has', () => {
    expect(() => checkSetting(TYPES, 'always', 'line', 'a')).toThrow(
      expect.objectContaining({
        code: 'SETTING_LAYER_FORBIDDEN',
        details: expect.objectContaining({ hint: 'Set it at global, device' }),
      }),
    )
  })

  test.each(['constructor', '__proto__', 'nosuch'])('there is no setting %s', (key) => {
    expect(() => check(key, 'x')).toThrow(expect.objectContaining({ code: 'SETTING_UNKNOWN' }))
  })

  test('a near miss is told', () => {
    expect(() => check('CHO', 'x')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ hint: 'Did you mean choice?' }) }),
    )
  })
})

describe('raw vendor parameters', () => {
  test.each([
    ['raw.yealink.account.1.ptime', { family: 'yealink', parameter: 'account.1.ptime' }],
    ['raw.snom.fkey#12', { family: 'snom', parameter: 'fkey#12' }],
    ['raw.grandstream.P47', { family: 'grandstream', parameter: 'P47' }],
  ])('%s is one', (key, parsed) => {
    expect(parseRawKey(key)).toEqual(parsed)
  })

  test.each([
    'raw.yealink.',
    'raw..x',
    'raw.yealink.a..b',
    'raw.yealink.a.',
    'raw.yealink.a b',
    'raw.yealink.a=b',
    'raw.snom.x#y',
    `raw.yealink.${'a'.repeat(81)}`,
  ])('%s is none, since no phone has such a parameter', (key) => {
    expect(parseRawKey(key)).toBeUndefined()
  })

  test('a value is kept as it is, an empty one clears, a number is written out', () => {
    expect(check('raw.yealink.a.b', 'x=y # "z"')).toBe('x=y # "z"')
    expect(check('raw.yealink.a.b', '')).toBe('')
    expect(check('raw.yealink.a.b', 5)).toBe('5')
  })

  test.each(['a\nb', '%NULL%', ' a', true, 'x'.repeat(501)])('the value %j is refused', (value) => {
    expect(() => check('raw.yealink.a.b', value)).toThrow(expect.objectContaining({ code: 'SETTING_VALUE_INVALID' }))
  })

  test('whatever is kept stays on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(String(check('raw.yealink.a', text)).split(/[\r\n\u0085\u2028\u2029]/)).toHaveLength(1)
        } catch (error) {
          expect(error).toMatchObject({ code: 'SETTING_VALUE_INVALID' })
        }
      }),
    )
  })
})

describe('vocabulary.yaml', () => {
  test('every setting shipped has help, and a default that its own rules take', () => {
    const { vocabulary } = loadPhones()
    expect(vocabulary.size).toBeGreaterThan(80)
    for (const [key, definition] of vocabulary) {
      expect([key, definition.help.endsWith('.')]).toEqual([key, true])
      if (definition.default !== null) {
        expect(checkSetting(vocabulary, key, definition.layers[0] ?? 'global', definition.default)).toEqual(
          definition.default,
        )
      }
    }
  })

  test('what a phone is told holds nothing that the server or the switchboard acts on', () => {
    const { vocabulary } = loadPhones()
    const told = phoneVocabulary(vocabulary)
    expect(told.has('dtmf')).toBe(true)
    for (const key of ['voicemailPin', 'recordCalls', 'allowedNetworks', 'firstName']) {
      expect([key, vocabulary.has(key), told.has(key)]).toEqual([key, true, false])
    }
    expect(vocabulary.get('voicemailPin')?.type).toBe('secret')
    for (const [key, { type, structure }] of vocabulary)
      expect([key, type === 'structure']).toEqual([key, structure !== undefined])
  })

  test.each([
    ['an unknown type', 'x: { type: colour, default: null, layers: [global], help: h }'],
    ['an unknown field', 'x: { type: boolean, defualt: true, default: null, layers: [global], help: h }'],
    ['no layer', 'x: { type: boolean, default: null, layers: [], help: h }'],
    ['a default that breaks its rules', 'x: { type: integer, min: 5, max: 9, default: 1, layers: [global], help: h }'],
    ['a name in capitals', 'Big: { type: boolean, default: null, layers: [global], help: h }'],
  ])('%s is told with the name of the setting', (_what, yaml) => {
    expect(() => parseVocabulary(yaml)).toThrow(
      expect.objectContaining({ code: 'TEMPLATES_INVALID', message: expect.stringMatching(/x|Big/) }),
    )
  })
})
