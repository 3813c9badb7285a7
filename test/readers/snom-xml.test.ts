import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readSnomXml } from '../../src/readers/snom-xml.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
const read = (text: string) => readSnomXml(bytes(DECLARATION + text))
const entries = (text: string) => {
  const result = read(text)
  if (!result.ok) throw new Error(`${result.line}: ${result.reason}`)
  return result.entries
}

describe('a Snom file', () => {
  test('with <settings> gives every section in order, attributes as written', () => {
    const file = `<settings>
  <phone-settings e="2">
    <setting_server perm="RW">http://192.0.2.5/p/T0K3N/{mac}.xml</setting_server>
    <user_name idx="1" perm="R">101</user_name>
    <user_name idx="2" perm="R"></user_name>
    <timezone perm="">GER+1</timezone>
    <ntp_server/>
  </phone-settings>
  <functionKeys e="2">
    <fkey idx="1" context="1" label="Bob" perm="RW">blf sip:102@192.0.2.5;user=phone|**</fkey>
  </functionKeys>
  <tbook e="2" complete="true">
    <item context="active" type="none" index="0"><name>Front desk</name><number>100</number></item>
  </tbook>
</settings>
`
    expect(entries(file)).toEqual([
      { name: 'setting_server', attributes: { perm: 'RW' }, value: 'http://192.0.2.5/p/T0K3N/{mac}.xml' },
      { name: 'user_name', attributes: { idx: '1', perm: 'R' }, value: '101' },
      { name: 'user_name', attributes: { idx: '2', perm: 'R' }, value: '' },
      { name: 'timezone', attributes: { perm: '' }, value: 'GER+1' },
      { name: 'ntp_server', attributes: {}, value: '' },
      {
        name: 'fkey',
        attributes: { idx: '1', context: '1', label: 'Bob', perm: 'RW' },
        value: 'blf sip:102@192.0.2.5;user=phone|**',
      },
      { name: 'item', attributes: { context: 'active', type: 'none', index: '0' }, value: '' },
      { name: 'name', attributes: {}, value: 'Front desk' },
      { name: 'number', attributes: {}, value: '100' },
    ])
  })

  test('with <setting-files> gives the URLs', () => {
    const file = '<setting-files><file url="http://h/a?x=1&amp;y=2"/><file url="b.xml"></file></setting-files>'
    expect(entries(file)).toEqual([
      { name: 'file', attributes: { url: 'http://h/a?x=1&y=2' }, value: '' },
      { name: 'file', attributes: { url: 'b.xml' }, value: '' },
    ])
  })

  test('may have one section as its root', () => {
    const firmware =
      '<firmware-settings><firmware perm="">http://h/snomD120-10.1.54.13-SIP-r.bin</firmware></firmware-settings>'
    expect(entries(firmware)).toEqual([
      { name: 'firmware', attributes: { perm: '' }, value: 'http://h/snomD120-10.1.54.13-SIP-r.bin' },
    ])
    expect(entries('<phone-settings><language>Deutsch</language></phone-settings>')).toHaveLength(1)
    expect(entries('<functionKeys><fkey idx="0">line</fkey></functionKeys>')).toHaveLength(1)
    expect(entries('<tbook><item/></tbook>')).toEqual([{ name: 'item', attributes: {}, value: '' }])
    expect(entries('<certificates><certificate type="base64">AA\nBB</certificate></certificates>')).toEqual([
      { name: 'certificate', attributes: { type: 'base64' }, value: 'AA\nBB' },
    ])
  })

  test('decodes references and keeps outer blanks, Cyrillic and emoji', () => {
    const value =
      '<settings><phone-settings><user_pass idx="1"> a&amp;b&lt;c&gt;&quot;&apos;&#x41;=;%# Я📞 </user_pass></phone-settings></settings>'
    expect(entries(value)[0]?.value).toBe(' a&b<c>"\'A=;%# Я📞 ')
  })

  test('may hold comments', () => {
    expect(entries('<!-- x --><phone-settings><!-- y --><dnd_mode>off</dnd_mode></phone-settings>')).toHaveLength(1)
  })
})

describe('a Snom file is refused', () => {
  const settings = (text: string) => `<settings><phone-settings>\n${text}</phone-settings></settings>`
  test.each([
    ['with an unknown root', '<config/>', 2],
    ['with an unknown section', '<settings>\n<voip/></settings>', 3],
    ['with the same section twice', '<settings><tbook/>\n<tbook/></settings>', 3],
    ['with <setting-files> beside other sections', '<settings>\n<setting-files/></settings>', 3],
    ['with <settings> inside <settings>', '<settings>\n<settings/></settings>', 3],
    ['with a setting given twice', settings('<dnd_mode>on</dnd_mode><dnd_mode>off</dnd_mode>'), 3],
    ['with an idx given twice', settings('<user_name idx="1"/><user_name idx="1"/>'), 3],
    ['with an idx that is no number', settings('<user_name idx="one"/>'), 3],
    ['with an idx of two spellings', settings('<user_name idx="01"/>'), 3],
    ['with an unknown perm', settings('<user_name idx="1" perm="W"/>'), 3],
    ['with an element inside a setting', settings('<user_name idx="1"><b>x</b></user_name>'), 3],
    ['with text between settings', settings('x<dnd_mode>on</dnd_mode>'), 3],
    ['with a line break in a value', settings('<user_name>1\n2</user_name>'), 4],
    ['with a line break reference in a value', settings('<user_name>1&#10;2</user_name>'), 3],
    [
      'with a tabulator reference in a label',
      '<functionKeys>\n<fkey idx="0" label="a&#9;b">line</fkey></functionKeys>',
      3,
    ],
    ['with C1 in a value', settings('<user_name>1\u00852</user_name>'), 3],
    ['with a key that has no idx', '<functionKeys>\n<fkey>line</fkey></functionKeys>', 3],
    ['with a setting among the keys', '<functionKeys>\n<dnd_mode>on</dnd_mode></functionKeys>', 3],
    ['with a file that has no url', '<setting-files>\n<file/></setting-files>', 3],
    ['with text in a file element', '<setting-files>\n<file url="a">b</file></setting-files>', 3],
    ['with a raw ampersand', settings('<user_pass>a&b</user_pass>'), 3],
    ['with an unknown entity', settings('<user_pass>&nbsp;</user_pass>'), 3],
    ['with CDATA', settings('<user_pass><![CDATA[x]]></user_pass>'), 3],
    ['with a processing instruction', settings('<?php x ?>'), 3],
    ['with an attribute given twice', settings('<user_name idx="1" idx="1"/>'), 3],
    ['that is cut off', '<settings><phone-settings>\n<user_name>', 3],
    ['with a second root', '<settings/>\n<settings/>', 3],
  ])('%s', (_, text, line) => {
    expect(read(text)).toMatchObject({ ok: false, line })
  })

  test('with a DOCTYPE, so that no entity grows', () => {
    const bomb = '<!DOCTYPE settings [<!ENTITY a "aaaaaaaaaa">]>\n<settings/>'
    expect(readSnomXml(bytes(bomb))).toMatchObject({ ok: false, reason: 'DOCTYPE' })
  })

  test('with another encoding, another XML version or a byte order mark', () => {
    expect(readSnomXml(bytes('<?xml version="1.0" encoding="iso-8859-1"?><settings/>')).ok).toBe(false)
    expect(readSnomXml(bytes('<?xml version="1.1"?><settings/>')).ok).toBe(false)
    expect(readSnomXml(bytes('\ufeff<settings/>')).ok).toBe(false)
    expect(readSnomXml(bytes('')).ok).toBe(false)
    expect(readSnomXml(Uint8Array.from([0x3c, 0x61, 0xff, 0x3e])).ok).toBe(false)
  })

  test('without its value in the reason', () => {
    const result = read('<phone-settings><user_pass>s3cret&#10;</user_pass></phone-settings>')
    expect(result).toEqual({ ok: false, line: 2, reason: 'control character in user_pass' })
  })
})

describe('a Snom file, whatever its bytes', () => {
  const tag = fc.constantFrom(
    'settings',
    'phone-settings',
    'functionKeys',
    'fkey idx="1"',
    'file url="x"',
    'tbook',
    'a',
  )
  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (random) => typeof readSnomXml(random).ok === 'boolean'))
    const piece = fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name.split(' ')[0]}>`),
      tag.map((name) => `<${name}/>`),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => typeof read(pieces.join('')).ok === 'boolean'),
    )
  })
})
