import { expect, test } from '@jest/globals'
import { entityTag, seenOf } from '../../src/admin/entity-tag.js'

test.each(['01m81gqqm9', 'group:01m8', 'model:yealink/t21p-e2', 'odd ".id', 'ü.1'])(
  'the tag of %j comes back as what was seen',
  (id) => {
    expect(seenOf(entityTag({ id, revision: 7 }))).toEqual({ id, revision: 7 })
  },
)

test('* takes whatever is there; without the header the change is refused', () => {
  expect(seenOf('*')).toBeUndefined()
  expect(() => seenOf(undefined)).toThrow(expect.objectContaining({ code: 'REVISION_NEEDED' }))
})

test.each(['', 'abc', '"abc"', 'W/"abc.1"', '"abc.1", "abc.2"', '"%zz.1"', '"abc.-1"'])('%j is none of ours', (tag) => {
  expect(() => seenOf(tag)).toThrow(expect.objectContaining({ code: 'REVISION_CONFLICT' }))
})
