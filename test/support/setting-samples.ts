import type { SettingDefinition } from '../../src/settings/vocabulary.js'

/** Values with a structure of their own, the order of each list not that of the alphabet. */
const STRUCTURES: Readonly<Record<string, unknown>> = {
  forwardingRules: [
    { status: 'lunch', hours: 'open', days: ['fri', 'mon'], action: 'voicemail' },
    { status: 'away', action: 'forward', target: { kind: 'queue', number: '6000' }, afterSeconds: 20 },
    { during: { from: '08:30', to: '12:00' }, callers: ['+49 30 *', '0171'], action: 'hang-up' },
    { condition: 'busy', action: 'forward', target: { kind: 'mailbox', number: '203' } },
    { action: 'ring' },
  ],
  officeHours: {
    sun: [{ from: '00:00', to: '00:00' }],
    mon: [{ from: '00:00', to: '23:59' }],
    tue: [
      { from: '08:30', to: '12:00' },
      { from: '13:00', to: '17:15' },
    ],
  },
  holidays: [
    { name: '<b>Advent & "more", \'y</b>', from: '2026-12-01', to: '2026-12-24' },
    { name: '=1+1', from: '2026-01-01' },
  ],
  featureCodes: [{ code: '*26', name: '<b>Record</b>', on: false }],
  followMe: [{ number: '203', seconds: 10 }, { number: '202' }],
  callerIdByTrunk: [
    { trunk: 'B', number: '+49 30 2' },
    { trunk: 'A', number: '+49 30 1' },
  ],
}

const LINES = '[section]\r\n\tpermit = 10.0.0.0/8 ; "quoted"\n'

/**
 * Values that a setting takes, the first of them not its default. A type that is not known here has none: whoever adds
 * one must say what its values look like in files.
 */
export function samplesOf(key: string, definition: SettingDefinition): readonly unknown[] {
  const { type, values = [], min = 0, max = 0, structure = '' } = definition
  switch (type) {
    case 'boolean':
      return [definition.default !== true, definition.default === true]
    case 'integer':
      return [max, min]
    case 'enum':
      return [...values].reverse()
    case 'list':
      return [[...values].reverse(), values.slice(0, 1)]
    case 'networks':
      return [['192.168.7.0/24', '2001:db8::/32'], ['10.0.0.1/32']]
    case 'email':
      return ['box+1@example.org', "o'neil@example.com"]
    case 'telephone':
      return ['+7 (999) 123-45-67', '00123456789', '*97']
    case 'number':
      return ['*97', '007', '+4930123', '#21']
    case 'secret':
      return ['0042', '=1+1', "'5"]
    case 'lines':
      return [LINES, ' two\nlines \t', '  ', "'quoted'", '-1', '=cmd()\n']
    case 'structure':
      return [STRUCTURES[structure]].filter((value) => value !== undefined)
    case 'text':
      return [`${key.slice(0, 9)} <i>&amp;</i> 'ä'`, '=SUM(A1)', "'7", '007', '1;2,3|"4"']
    case 'host':
      return ['sip.example.com', '[2001:db8::1]']
    case 'endpoint':
      return ['proxy.example.com:5062', '192.0.2.7']
    case 'url':
      return ['https://book.example.com/a?b=c&d="e"']
    case 'timezone':
      return ['Europe/Berlin', 'America/St_Johns']
    default:
      return []
  }
}

/** One value of each kind of field that the tests of pages and API set. */
export function sampleOf(key: string, definition: SettingDefinition): unknown {
  return samplesOf(key, definition)[0]
}
