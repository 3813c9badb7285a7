import { describe, expect, test } from '@jest/globals'
import {
  announcedLastModified,
  decideConditions,
  parseHttpDate,
  type Conditions,
} from '../../src/provisioning/conditional.js'

const CHANGED = Date.UTC(2026, 4, 6, 7, 8, 9)
const NOW = CHANGED + 3_600_000
const document = { etag: '"v1"', lastModified: CHANGED + 250 }
const date = (millis: number): string => new Date(millis).toUTCString()
const status = (asked: Conditions, size?: number): number => decideConditions(asked, document, NOW, size).status

describe('preconditions', () => {
  test('without any the whole document is sent', () => expect(status({})).toBe(200))

  test.each(['"v1"', 'W/"v1"', '"v0", "v1"', '"a,b","v1"', '*', ' "v1" '])(
    '[RFC9110-13.1.2] If-None-Match: %s is not modified',
    (ifNoneMatch) => expect(status({ ifNoneMatch })).toBe(304),
  )

  test.each(['"v2"', 'v1', '', '"V1"', '"v1'])('[RFC9110-13.1.2] If-None-Match: %j is sent', (ifNoneMatch) =>
    expect(status({ ifNoneMatch })).toBe(200),
  )

  test('[RFC9110-13.1.3] If-Modified-Since counts in whole seconds and is ignored beside If-None-Match', () => {
    expect(status({ ifModifiedSince: date(CHANGED) })).toBe(304)
    expect(status({ ifModifiedSince: date(CHANGED + 60_000) })).toBe(304)
    expect(status({ ifModifiedSince: date(CHANGED - 1000) })).toBe(200)
    expect(status({ ifModifiedSince: date(CHANGED), ifNoneMatch: '"v2"' })).toBe(200)
  })

  test('a date in the future or in no known form is ignored', () => {
    expect(status({ ifModifiedSince: date(NOW + 86_400_000) })).toBe(200)
    expect(status({ ifModifiedSince: '2026-05-06' })).toBe(200)
  })

  test('[RFC9110-13.1.1] If-Match and [RFC9110-13.1.4] If-Unmodified-Since fail with 412', () => {
    expect(status({ ifMatch: '"v1"' })).toBe(200)
    expect(status({ ifMatch: '*' })).toBe(200)
    expect(status({ ifMatch: 'W/"v1"' })).toBe(412)
    expect(status({ ifMatch: '"v2"', ifNoneMatch: '"v1"' })).toBe(412)
    expect(status({ ifUnmodifiedSince: date(CHANGED - 1000) })).toBe(412)
    expect(status({ ifUnmodifiedSince: date(CHANGED) })).toBe(200)
  })

  test('[RFC9110-13.1.5] If-Range compares strongly, a date exactly', () => {
    const range = 'bytes=0-1'
    expect(decideConditions({ range }, document, NOW, 10)).toEqual({ status: 206, start: 0, end: 1 })
    expect(status({ range, ifRange: '"v1"' }, 10)).toBe(206)
    expect(status({ range, ifRange: 'W/"v1"' }, 10)).toBe(200)
    expect(status({ range, ifRange: '"v2"' }, 10)).toBe(200)
    expect(status({ range, ifRange: date(CHANGED) }, 10)).toBe(206)
    expect(status({ range, ifRange: date(CHANGED + 1000) }, 10)).toBe(200)
    expect(status({ range, ifRange: 'nonsense' }, 10)).toBe(200)
  })

  test('a range is 416 only when it counts, and nothing where parts are not sent', () => {
    expect(status({ range: 'bytes=10-' }, 10)).toBe(416)
    expect(status({ range: 'bytes=10-', ifRange: '"v2"' }, 10)).toBe(200)
    expect(status({ range: 'bytes=10-', ifNoneMatch: '"v1"' }, 10)).toBe(304)
    expect(status({ range: 'bytes=0-1' }, undefined)).toBe(200)
  })
})

describe('Last-Modified', () => {
  test('[RFC9110-8.8.2.1] is the second of the change once that second is over', () => {
    expect(announcedLastModified(CHANGED + 250, CHANGED + 1000)).toBe(CHANGED)
    expect(announcedLastModified(CHANGED + 250, CHANGED + 999)).toBe(CHANGED - 1000)
    expect(announcedLastModified(CHANGED + 60_000, CHANGED)).toBe(CHANGED - 1000)
  })

  test('a second change within one second is never hidden by the date of the first', () => {
    const told = announcedLastModified(CHANGED + 200, CHANGED + 300)
    const changedAgain = { etag: '"v2"', lastModified: CHANGED + 800 }
    const answer = decideConditions({ ifModifiedSince: date(told) }, changedAgain, CHANGED + 5000, undefined)
    expect(answer.status).toBe(200)
  })

  test('[RFC9110-5.6.7] all three forms of a date are read', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      expect(parseHttpDate(text)).toBe(784111777000)
    }
    for (const text of [
      undefined,
      '',
      '0',
      '784111777',
      'Sun, 06 Nov 1994 08:49:37 +0100',
      'Sun, 99 Nov 1994 08:49:37 GMT',
    ]) {
      expect(parseHttpDate(text)).toBeUndefined()
    }
  })
})
