import { beforeAll, describe, expect, test } from '@jest/globals'
import { assembleCatalog } from '../../src/catalog/assemble.js'
import { loadTemplateFolders, shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { parseTimeZones, timeView } from '../../src/catalog/time-zones.js'
import { READERS } from '../../src/readers/index.js'
import { parseGiven, renderExample } from '../../src/provisioning/example.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { parseVocabulary } from '../../src/settings/vocabulary.js'

const folder = loadTemplateFolders([shippedTemplates()])
const catalog = assembleCatalog(folder)
const zones = parseTimeZones(folder.zonesText)
const parts = {
  catalog,
  vocabulary: parseVocabulary(folder.vocabularyText),
  zones,
  render: createRenderer(catalog, READERS),
}
const d120 = catalog.model('snom/d120')
if (!d120) throw new Error('there is no snom/d120')

/** The place each of Snom's codes is named after, or one that has always kept the same time. */
const REPRESENTATIVE: Readonly<Record<string, string>> = {
  'USA-9': 'America/Anchorage',
  'USA-8': 'America/Los_Angeles',
  'USA-7': 'America/Denver',
  'USA-6': 'America/Chicago',
  'USA-5': 'America/New_York',
  'CAN-4': 'America/Halifax',
  'CAN-3.5': 'America/St_Johns',
  'GBR-0': 'Europe/London',
  'PRT-0': 'Europe/Lisbon',
  'WAT+1': 'Africa/Lagos',
  'ESP+1': 'Europe/Madrid',
  'FRA+1': 'Europe/Paris',
  'GER+1': 'Europe/Berlin',
  'ITA+1': 'Europe/Rome',
  'NLD+1': 'Europe/Amsterdam',
  'CAT+2': 'Africa/Harare',
  'FIN+2': 'Europe/Helsinki',
  'GRC+2': 'Europe/Athens',
  'EAT+3': 'Africa/Nairobi',
  'IND+5.5': 'Asia/Calcutta',
  'THA+7': 'Asia/Bangkok',
  'SGP+8': 'Asia/Singapore',
  'JPN+9': 'Asia/Tokyo',
  'AUS2+9.5': 'Australia/Darwin',
  'AUS+9.5': 'Australia/Adelaide',
  'AUS2+10': 'Australia/Brisbane',
  'AUS+10': 'Australia/Sydney',
  'NZL+12': 'Pacific/Auckland',
}

/** The D120's own file in this zone, as name and value without index. */
function timeSettings(timezone: string): Map<string, string> {
  const given = parseGiven({ mac: '00041382aabb', settings: { timezone } }, timezone)
  const body = renderExample(parts, d120 as NonNullable<typeof d120>, given).get('snomD120-00041382AABB.htm')
  const read = READERS['snom-xml'](body ?? new Uint8Array())
  if (!read.ok) throw new Error(read.reason)
  return new Map(read.entries.map(({ name, value }) => [name, value]))
}

const DST =
  /^(\d+) (0[1-9]|1[0-2])\.0[1-5]\.0[1-7] ([01]\d|2[0-3]):[0-5]\d:[0-5]\d (0[1-9]|1[0-2])\.0[1-5]\.0[1-7] ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/

describe('time zones of Snom phones', () => {
  const byZone = new Map<string, Map<string, string>>()
  beforeAll(() => {
    for (const zone of zones.keys()) byZone.set(zone, timeSettings(zone))
  }, 60_000)

  test('every zone gives a code with the same offset and rule, or its own offset and rule spelled out', () => {
    for (const [zone, rule] of zones) {
      const settings = byZone.get(zone) ?? new Map<string, string>()
      const code = settings.get('timezone')
      if (code) {
        const place = REPRESENTATIVE[code]
        expect([zone, code, place && timeView(zones, place).posix]).toEqual([zone, code, timeView(zones, zone).posix])
        expect(settings.has('utc_offset')).toBe(false)
      } else {
        expect([zone, settings.get('utc_offset')]).toEqual([zone, String(rule.offset * 60)])
        const saving = DST.exec(settings.get('dst') ?? '')?.[1]
        expect([zone, saving]).toEqual([zone, rule.dst ? String((rule.dst.offset - rule.offset) * 60) : undefined])
        expect(settings.get('dst') === '').toBe(rule.dst === undefined)
      }
    }
  })

  test('every code in the table belongs to a zone that keeps its rule', () => {
    const codes = [...Object.values(d120.words.timezone ?? {}), ...Object.values(d120.words.timezoneRule ?? {})]
    const reached = new Set([...byZone.values()].map((settings) => settings.get('timezone')))
    expect(codes.filter((code) => !reached.has(String(code)))).toEqual([])
  })

  test('a zone is found under its other names too', () => {
    expect(timeSettings('Asia/Kolkata').get('timezone')).toBe('IND+5.5')
    expect(timeSettings('Europe/Kyiv').get('timezone')).toBe('FIN+2')
    expect(timeSettings('America/Buenos_Aires').get('utc_offset')).toBe('-10800')
  })

  test('changes are told in the order month, week, weekday, and hour 24 as the last second of the day', () => {
    expect(timeSettings('Asia/Jerusalem').get('dst')).toMatch(DST)
    expect(timeSettings('Africa/Cairo').get('dst')).toBe('3600 04.05.05 00:00:00 10.05.04 23:59:59')
    expect(timeSettings('Australia/Lord_Howe').get('dst')).toBe('1800 10.01.07 02:00:00 04.01.07 02:00:00')
    expect(timeSettings('Antarctica/Troll').get('dst')).toBe('7200 03.05.07 01:00:00 10.05.07 03:00:00')
  })
})
