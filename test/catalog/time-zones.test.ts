import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { parseTimeZones, timeView, writeTimeZones } from '../../src/catalog/time-zones.js'
import { posixZone, zoneRule } from '../../src/catalog/zone-rule.js'

const FILE = join(shippedTemplates(), 'time-zones.yaml')
const YEARS = [2026, 2027, 2028, 2029, 2030, 2031]

describe('time zones', () => {
  test('time-zones.yaml is what the runtime knows', () => {
    const zones = new Map(
      ['Etc/UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => [zone, zoneRule(zone, YEARS)]),
    )
    const text = writeTimeZones(zones)
    if (process.env.UPDATE_GOLDEN) writeFileSync(FILE, text)
    expect(parseTimeZones(text)).toEqual(zones)
    expect(readFileSync(FILE, 'utf8')).toBe(text)
  })

  test.each([
    ['Europe/Berlin', 'STD-1DST,M3.5.0,M10.5.0/3'],
    ['America/New_York', 'STD5DST,M3.2.0,M11.1.0'],
    ['Australia/Sydney', 'STD-10DST,M10.1.0,M4.1.0/3'],
    ['Australia/Lord_Howe', 'STD-10:30DST-11,M10.1.0,M4.1.0'],
    ['America/Santiago', 'STD4DST,M9.1.6/24,M4.1.6/24'],
    ['Asia/Kolkata', 'STD-5:30'],
    ['Etc/UTC', 'STD0'],
  ])('%s is %s, as in the zoneinfo footer', (zone, posix) => {
    expect(posixZone(zoneRule(zone, YEARS))).toBe(posix)
  })

  test('an alias finds the zone it stands for', () => {
    const zones = parseTimeZones(readFileSync(FILE, 'utf8'))
    expect(timeView(zones, 'America/Nuuk').offset).toBe(-120)
    expect(timeView(zones, 'Asia/Kolkata').offsetText).toBe('+5:30')
  })
})
