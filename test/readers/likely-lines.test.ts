import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { walkPlainXml, type XmlVisitor } from '../../src/readers/plain-xml.js'
import { walkXml } from '../../src/readers/xml-walk.js'
import { readYealinkCfg } from '../../src/readers/yealink-cfg.js'

/** What a walk tells, in its order; lines are known to the parser alone. */
function told(walk: (visitor: XmlVisitor) => unknown): unknown[] {
  const seen: unknown[] = []
  walk({
    open: (name, attributes, depth) => void seen.push(['open', name, { ...attributes }, depth]),
    close: (name, text, depth) => void seen.push(['close', name, text, depth]),
  })
  return seen
}

/** Few lines, some beginning like others, so that what came after one the last time is often likely and often wrong. */
const leaves = fc.array(
  fc.constantFrom(
    '<a>1</a>',
    '<a>1</a><b>2</b>',
    '<a>12</a>',
    '<a/>',
    '<b idx="1">x</b>',
    '<b idx="1">x</b>y',
    '<c>&amp;</c>',
  ),
  { maxLength: 12 },
)

test('a document is read the same whatever was read before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(leaves, fc.boolean()), { maxLength: 6 }), (documents) => {
      for (const [lines, isPacked] of documents) {
        const text = `<?xml version="1.0" encoding="UTF-8"?>\n<s>\n${lines.join(isPacked ? '' : '\n')}\n</s>\n`
        expect(told((visitor) => walkPlainXml(text, visitor))).toEqual(told((visitor) => walkXml(text, visitor)))
      }
    }),
  )
})

const settings = fc.uniqueArray(
  fc.constantFrom('a = 1', 'b = 2', 'c =', 'd = 12', 'e = 1 = 2', 'f = x', '# g = 1', ''),
  { maxLength: 8 },
)
const values = fc.constantFrom('', '1', '12')

test('a Yealink file is read the same whatever was read before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(settings, values, fc.boolean()), { maxLength: 6 }), (files) => {
      for (const [lines, end, isTwice] of files) {
        const all = [
          '#!version:1.0.0.1',
          ...lines.map((line) => (line === '' ? line : line + end)),
          ...(isTwice ? ['z = 1', 'z = 1'] : []),
        ]
        const read = readYealinkCfg(Buffer.from(all.join('\n')))
        // With CR LF no line is guessed.
        expect(read).toEqual(readYealinkCfg(Buffer.from(all.join('\r\n'))))
        expect(read.ok).toBe(!isTwice)
        if (read.ok) {
          const expected = lines.filter((line) => /^[a-f]/.test(line)).map((line) => (line + end).replace(/ *= */, '='))
          expect(read.entries.map(({ name, value }) => `${name}=${value}`)).toEqual(expected)
        }
      }
    }),
  )
})
