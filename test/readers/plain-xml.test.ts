import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ReadFailure } from '../../src/readers/entry.js'
import { walkPlainXml, type XmlVisitor } from '../../src/readers/plain-xml.js'
import { walkXml } from '../../src/readers/xml-walk.js'

type Seen = unknown[]

function recorder(): { seen: Seen; visitor: XmlVisitor } {
  const seen: Seen = []
  return {
    seen,
    visitor: {
      open: (name, attributes, depth) => void seen.push(['open', name, { ...attributes }, depth]),
      close: (name, text, depth) => void seen.push(['close', name, text, depth]),
    },
  }
}

/** What the reader without a parser saw; undefined when it leaves the document to the parser. */
function plainly(text: string): Seen | undefined {
  const { seen, visitor } = recorder()
  return walkPlainXml(text, visitor) ? seen : undefined
}

function byParser(text: string): Seen | string {
  const { seen, visitor } = recorder()
  try {
    walkXml(text, visitor)
    return seen
  } catch (error) {
    if (error instanceof ReadFailure) return error.reason
    throw error
  }
}

const DOCUMENT = `<?xml version="1.0" encoding="utf-8"?>
<settings>
  <phone-settings e="2">
<a idx="1" perm="">x &amp; y &lt;z&gt;</a>
<b/>
<c d="&quot;&apos;">ü\u{1f4de}</c>
  </phone-settings>
</settings>
`

describe('XML without its rarer parts', () => {
  test('is read as the parser reads it', () => {
    expect(plainly(DOCUMENT)).toEqual(byParser(DOCUMENT))
    expect(plainly(DOCUMENT)).toHaveLength(10)
  })

  test.each([
    ['<a><!-- x --></a>'],
    ['<a><![CDATA[x]]></a>'],
    ['<!DOCTYPE a><a/>'],
    ['<a>&#65;</a>'],
    ['<a>&unknown;</a>'],
    ['<a>&</a>'],
    ['<a>]]></a>'],
    ['<a b="1" b="2"/>'],
    ['<a b="1"c="2"/>'],
    ["<a b='1'/>"],
    ['<a b="<"/>'],
    ['<a b="x\ty"/>'],
    ['<a>\r</a>'],
    ['<a>\u0001</a>'],
    ['<a>\ud800</a>'],
    ['<a></b>'],
    ['<a>'],
    ['</a>'],
    ['<a/><b/>'],
    ['x<a/>'],
    ['<a/>x'],
    ['<a/>&amp;'],
    [''],
    ['<ä/>'],
    [' <?xml version="1.0" encoding="utf-8"?><a/>'],
    ['<?xml version="1.1" encoding="utf-8"?><a/>'],
    ['<?xml version="1.0" encoding="latin1"?><a/>'],
    ['\ufeff<a/>'],
    ['<a __proto__="1"/>'],
  ])('%j is left to the parser', (text) => {
    expect(plainly(text)).toBeUndefined()
  })

  const piece = fc.oneof(
    fc.constantFrom('<', '>', '/', '"', "'", '&', ';', '=', ' ', '\n', '\r', '\t', ']]>', '<!--', '-->', '<?', '?>'),
    fc.constantFrom('<a>', '</a>', '<b/>', '<b c="d">', '</b>', '&amp;', '&lt;', '&#x41;', ' e="f"', '<![CDATA[', '\0'),
    fc.string({ maxLength: 3, unit: 'binary' }),
  )

  test('whatever it is made of, what is read without the parser is what the parser reads', () => {
    let readable = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, wrap) => {
        const text = wrap ? `<r>${pieces.join('')}</r>` : pieces.join('')
        const seen = plainly(text)
        if (seen === undefined) return
        readable += 1
        expect(seen).toEqual(byParser(text))
      }),
      { numRuns: 5_000 },
    )
    expect(readable).toBeGreaterThan(100)
  })

  test('nor after any change to a real document', () => {
    fc.assert(
      fc.property(fc.nat(DOCUMENT.length), fc.nat(4), piece, (at, cut, inserted) => {
        const text = DOCUMENT.slice(0, at) + inserted + DOCUMENT.slice(at + cut)
        const seen = plainly(text)
        if (seen !== undefined) expect(seen).toEqual(byParser(text))
      }),
      { numRuns: 5_000 },
    )
  })
})
