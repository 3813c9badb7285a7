import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readGrandstreamXml } from '../../src/readers/grandstream-xml.js'
import { READERS } from '../../src/readers/index.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (text: string) => readGrandstreamXml(bytes(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`))
const pairs = (text: string) => {
  const result = read(text)
  if (!result.ok) throw new Error(`${result.line}: ${result.reason}`)
  return result.entries.map(({ name, value }) => [name, value])
}

describe('a Grandstream file', () => {
  test('of version 1 gives the MAC and its P numbers', () => {
    const file = `<gs_provision version="1">
  <mac>c074ad000001</mac>
  <config version="1"><P271>1</P271><P47>192.0.2.5</P47><P35>101</P35>
  <P290>{ x+ | \\+x+ | *x+ | *xx*x+ }</P290><P34>a&amp;b&lt;</P34><P417></P417><P3/></config>
</gs_provision>`
    expect(pairs(file)).toEqual([
      ['mac', 'c074ad000001'],
      ['P271', '1'],
      ['P47', '192.0.2.5'],
      ['P35', '101'],
      ['P290', '{ x+ | \\+x+ | *x+ | *xx*x+ }'],
      ['P34', 'a&b<'],
      ['P417', ''],
      ['P3', ''],
    ])
  })

  test('of version 2 gives its items and the parts of an item', () => {
    const file = `<gs_provision version="1"><config version="2">
  <item name="account.1.enable">Yes</item>
  <item name="account.1.sip.server.1.address">192.0.2.5</item>
  <item name="account.1.sip.subscriber"><part name="userid">101</part><part name="name">Анна</part></item>
</config></gs_provision>`
    expect(pairs(file)).toEqual([
      ['account.1.enable', 'Yes'],
      ['account.1.sip.server.1.address', '192.0.2.5'],
      ['account.1.sip.subscriber.userid', '101'],
      ['account.1.sip.subscriber.name', 'Анна'],
    ])
  })
})

describe('a Grandstream file is refused', () => {
  const version1 = (text: string) => `<gs_provision version="1"><config version="1">\n${text}</config></gs_provision>`
  const version2 = (text: string) => `<gs_provision version="1"><config version="2">\n${text}</config></gs_provision>`
  const config = '<config version="1"/>'
  test.each([
    ['with another root', '<settings/>', 2],
    ['with another version', '<gs_provision version="2"/>', 2],
    ['without a version', `<gs_provision>${config}</gs_provision>`, 2],
    ['without <config>', '<gs_provision version="1">\n</gs_provision>', 3],
    ['with two <config>', `<gs_provision version="1">${config}\n${config}</gs_provision>`, 3],
    ['with the MAC behind <config>', `<gs_provision version="1">${config}\n<mac>c074ad000001</mac></gs_provision>`, 3],
    [
      'with two MACs',
      `<gs_provision version="1"><mac>c074ad000001</mac>\n<mac>c074ad000001</mac>${config}</gs_provision>`,
      3,
    ],
    [
      'with a MAC that has colons',
      `<gs_provision version="1">\n<mac>c0:74:ad:00:00:01</mac>${config}</gs_provision>`,
      3,
    ],
    ['with an element inside the MAC', `<gs_provision version="1">\n<mac><P1/></mac>${config}</gs_provision>`, 3],
    ['with version 3 of <config>', '<gs_provision version="1">\n<config version="3"/></gs_provision>', 3],
    ['with an unknown attribute', '<gs_provision version="1">\n<config version="1" x="1"/></gs_provision>', 3],
    ['with a P number given twice', version1('<P271>1</P271><P271>0</P271>'), 3],
    ['with a P number of two spellings', version1('<P0271>1</P0271>'), 3],
    ['with a lower-case p', version1('<p271>1</p271>'), 3],
    ['with an item in version 1', version1('<item name="a">1</item>'), 3],
    ['with an element inside a P', version1('<P271><b/></P271>'), 3],
    ['with text between P numbers', version1('1<P271>1</P271>'), 3],
    ['with a P number in version 2', version2('<P271>1</P271>'), 3],
    ['with an item without name', version2('<item>1</item>'), 3],
    ['with an item given twice', version2('<item name="a.b">1</item><item name="a.b">1</item>'), 3],
    ['with an item and the same part', version2('<item name="a.b">1</item><item name="a"><part name="b"/></item>'), 3],
    ['with text beside parts', version2('<item name="a">1<part name="b">1</part></item>'), 3],
    ['with a part in a part', version2('<item name="a"><part name="b"><part name="c"/></part></item>'), 3],
    ['with a line break in a value', version1('<P270>a&#13;b</P270>'), 3],
    ['with a raw ampersand', version1('<P34>a&b</P34>'), 3],
    ['that is cut off', '<gs_provision version="1"><config version="1">\n<P271>1</P271>', 3],
  ])('%s', (_, text, line) => {
    expect(read(text)).toMatchObject({ ok: false, line })
  })

  test('without its value in the reason', () => {
    expect(read(version1('<P34>s3cret&#7;</P34>')).ok).toBe(false)
    expect(JSON.stringify(read(version1('<P34>s3cret&#9;</P34>')))).not.toContain('s3cret')
  })
})

describe('a Grandstream file, whatever its bytes', () => {
  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => typeof readGrandstreamXml(random).ok === 'boolean'),
    )
    const piece = fc.oneof(
      fc.constantFrom('<gs_provision version="1">', '<config version="1">', '<config version="2">', '<P1>', '</P1>'),
      fc.constantFrom('<item name="a">', '<part name="b">', '</part>', '</item>', '<mac>', '</mac>', '</config>'),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => typeof read(pieces.join('')).ok === 'boolean'),
    )
  })
})

test('each reader has the name that manifests use', () => {
  const version1 = bytes('<gs_provision version="1"><config version="1"><P1>x</P1></config></gs_provision>')
  expect(READERS['grandstream-xml'](version1).ok).toBe(true)
  expect(READERS['snom-xml'](bytes('<settings/>')).ok).toBe(true)
  expect(READERS['yealink-cfg'](bytes('#!version:1.0.0.1\n')).ok).toBe(true)
})
