import { SaxesParser } from 'saxes'
import { ReadFailure } from './entry.js'
import { walkPlainXml, type XmlVisitor } from './plain-xml.js'

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

const FOREIGN_MARKUP = [
  ['<!DOCTYPE', 'DOCTYPE'],
  ['<![CDATA[', 'CDATA section'],
  ['<?', 'processing instruction'],
] as const

/**
 * Reads a whole document strictly: XML 1.0 in UTF-8 without byte order mark, DOCTYPE, processing instructions or
 * CDATA, which no phone's reference mentions. A plain document is read without the parser, which costs several times
 * as much; whatever is not plain, or is refused, the parser reads from the start. Throws ReadFailure.
 */
export function readXml<V extends XmlVisitor>(text: string, createVisitor: () => V): V {
  const quick = createVisitor()
  try {
    if (walkPlainXml(text, quick)) return quick
  } catch (error) {
    // The parser knows the line.
    if (!(error instanceof ReadFailure)) throw error
  }
  const visitor = createVisitor()
  walkXml(text, visitor)
  return visitor
}

/** As `readXml`, by the parser alone. */
export function walkXml(text: string, visitor: XmlVisitor): void {
  refuseForeignMarkup(text)
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false })
  const fail = (reason: string): never => {
    throw new ReadFailure(parser.line, reason)
  }
  // A broken file may name many errors; the first one stops the walk.
  parser.on('error', (error) => fail(`not well-formed: ${error.message.replace(/^\d+:\d+: /, '').slice(0, 80)}`))
  // One string per open element: text beside child elements must be blank, see requireBlank.
  const texts: string[] = []
  parser.on('text', (part) => {
    const depth = texts.length - 1
    if (depth >= 0) texts[depth] += part
  })
  parser.on('opentag', (tag) => {
    texts.push('')
    visitor.open(tag.name, tag.attributes, texts.length, parser.line)
  })
  parser.on('closetag', (tag) => {
    const depth = texts.length
    visitor.close(tag.name, texts.pop() ?? '', depth, parser.line)
  })
  parser.write(text)
  // close() forgets the declaration.
  const { version = '1.0', encoding = 'utf-8' } = parser.xmlDecl
  if (version !== '1.0') throw new ReadFailure(1, 'XML version is not 1.0')
  if (encoding.toLowerCase() !== 'utf-8') throw new ReadFailure(1, 'encoding is not UTF-8')
  parser.close()
}

/**
 * Found by their opening characters, in comments too: a saxes parser with more than a few handlers falls into V8's
 * dictionary mode and takes seven times as long.
 */
function refuseForeignMarkup(text: string): void {
  if (text.startsWith('\ufeff')) throw new ReadFailure(1, 'byte order mark')
  for (const [opening, name] of FOREIGN_MARKUP) {
    const at = text.indexOf(opening, opening === '<?' ? 1 : 0)
    if (at !== -1) throw new ReadFailure(text.slice(0, at).split('\n').length, name)
  }
}

/** Refuses text between the elements of a container. */
export function requireBlank(text: string, line: number): void {
  if (/[^ \t\r\n]/.test(text)) throw new ReadFailure(line, 'text between elements')
}

/** Refuses line breaks and control characters in a value. */
export function requirePlain(text: string, name: string, line: number): void {
  if (CONTROL.test(text)) throw new ReadFailure(line, `control character in ${name}`)
}
