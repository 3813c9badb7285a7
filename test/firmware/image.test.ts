import { describe, expect, test } from '@jest/globals'
import { contentTypeOf, imageEtag, imagePath, isSafeSegment, parseImagePlace } from '../../src/firmware/image.js'

describe('places of firmware images', () => {
  test('four safe names make a place, and the path is made of them', () => {
    const place = parseImagePlace(['yealink', 't21p-e2', '52.84.0.125', 'T21P_E2-52.84.0.125.rom'])
    expect(place && imagePath(place)).toBe('firmware/yealink/t21p-e2/52.84.0.125/T21P_E2-52.84.0.125.rom')
  })

  test.each(['', '.', '..', '.hidden', 'a/b', 'a\\b', 'a..b', 'a b', 'a%2e', 'a\0', 'ä', '-x', 'a'.repeat(129), 'a\n'])(
    '%j is no safe name',
    (name) => {
      expect(isSafeSegment(name)).toBe(false)
      expect(parseImagePlace(['yealink', 't28p', '2.73', name])).toBeUndefined()
    },
  )

  test('other depths are no place', () => {
    expect(parseImagePlace(['yealink', 't28p', 'a.rom'])).toBeUndefined()
    expect(parseImagePlace(['yealink', 't28p', '2.73', 'x', 'a.rom'])).toBeUndefined()
  })

  test('the ETag is strong, quoted and changes with the bytes', () => {
    const before = imageEtag({ sizeBytes: 10, modifiedMs: 1000.5 })
    expect(before).toMatch(/^"[0-9a-f-]+"$/)
    expect(imageEtag({ sizeBytes: 10, modifiedMs: 1000.501 })).not.toBe(before)
    expect(imageEtag({ sizeBytes: 10, modifiedMs: 1, sha256: 'ab'.repeat(32) })).toBe(`"${'ab'.repeat(16)}"`)
  })

  test('images are opaque, notes beside them are text', () => {
    expect(contentTypeOf('x.rom')).toBe('application/octet-stream')
    expect(contentTypeOf('noextension')).toBe('application/octet-stream')
    expect(contentTypeOf('release.TXT')).toBe('text/plain; charset=utf-8')
    expect(contentTypeOf('snom-firmware.xml')).toBe('text/xml; charset=utf-8')
  })
})
