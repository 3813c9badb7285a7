import { Remembered } from '../domain/remembered.js'
import { LINES_REMEMBERED, ownText } from './entry.js'

/** What a vendor grammar says about each element; `line` is where the parser stands. */
export interface XmlVisitor {
  open(name: string, attributes: Readonly<Record<string, string>>, depth: number, line: number): void
  /** `text` is the decoded text directly inside the element, '' when there was none. */
  close(name: string, text: string, depth: number, line: number): void
}

const DECLARATION = /^<\?xml version="1\.0" encoding="(?:utf-8|UTF-8)"\s*\?>/
/** XML 1.0 §2.2 without carriage returns, which a parser turns into line feeds, and without unpaired surrogates. */
const NOT_PLAIN = /[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
/** Most files hold no surrogate at all, and are looked through much faster without asking for pairs. */
const MAYBE_NOT_PLAIN = /[^\t\n\u0020-\ud7ff\ue000-\ufffd]/
const NAME = '[A-Za-z_][A-Za-z0-9_.-]*'
/** `<`, a name, and what ends a start tag without attributes, or a blank before them. */
const START = new RegExp(`<(${NAME})(/?>|[ \\n\\t])`, 'y')
/** One attribute and what follows: more of them, or the end of the tag. No line breaks or references to characters. */
const ATTRIBUTE = new RegExp(`[ \\n\\t]*(${NAME})="([^"<\\n\\t]*)"(/?>|(?=[ \\n\\t]))`, 'y')
const END = new RegExp(`</(${NAME})>`, 'y')
const REFERENCE = /&(?:(amp|lt|gt|quot|apos);)?/g
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Walks a document that holds nothing but elements, attributes in double quotes, text and the five named entities.
 * @returns false as soon as there is anything else, or any doubt: then a parser must say what it is
 */
export function walkPlainXml(text: string, visitor: XmlVisitor): boolean {
  if (text.includes(']]>') || (MAYBE_NOT_PLAIN.test(text) && NOT_PLAIN.test(text))) return false
  const open: string[] = []
  const texts: string[] = []
  let place = DECLARATION.exec(text)?.[0].length ?? 0
  let roots = 0
  let before: Leaf | undefined
  for (;;) {
    const next = text.indexOf('<', place)
    const end = next === -1 ? text.length : next
    if (end > place && !take(text.slice(place, end), texts)) return false
    if (next === -1) return roots === 1 && open.length === 0
    place = next
    const leaf = open.length > 0 ? leafAt(text, next, before) : undefined
    if (leaf) {
      before = leaf
      visitor.open(leaf.name, leaf.attributes, open.length + 1, 0)
      visitor.close(leaf.name, leaf.text, open.length + 1, 0)
      place += leaf.line.length
      continue
    }
    if (text.charCodeAt(next + 1) === 0x2f) {
      END.lastIndex = next
      const name = END.exec(text)?.[1]
      if (name === undefined || open.pop() !== name) return false
      visitor.close(name, texts.pop() ?? '', open.length + 1, 0)
      place = END.lastIndex
      continue
    }
    if (open.length === 0 && (roots += 1) > 1) return false
    const tag = startTag(text, next)
    if (!tag) return false
    visitor.open(tag.name, tag.attributes, open.length + 1, 0)
    if (tag.isEmpty) visitor.close(tag.name, '', open.length + 1, 0)
    else {
      open.push(tag.name)
      texts.push('')
    }
    place = tag.end
  }
}

/** A line, from the first `<` on, that is one element with nothing but text in it. */
interface Leaf {
  line: string
  name: string
  attributes: Readonly<Record<string, string>>
  text: string
  /** The one that came after it the last time: comparing it costs much less than looking the line up. */
  next?: Leaf
}

/** What such a line says depends on nothing else, and phones of a model share most of theirs. */
const KNOWN_LEAVES = new Remembered<Leaf>(LINES_REMEMBERED)
/** A longer line is a certificate or the like. */
const LONGEST_LEAF = 400

/** @param before the leaf before, if there was one */
function leafAt(text: string, place: number, before: Leaf | undefined): Leaf | undefined {
  const likely = before?.next
  if (likely && text.startsWith(likely.line, place)) {
    const end = place + likely.line.length
    if (end === text.length || text.charCodeAt(end) === 0x0a) return likely
  }
  const newline = text.indexOf('\n', place)
  const end = newline === -1 ? text.length : newline
  if (end - place > LONGEST_LEAF || text.charCodeAt(place + 1) === 0x2f) return undefined
  const line = text.slice(place, end)
  const leaf = KNOWN_LEAVES.get(line) ?? newLeaf(line)
  if (leaf && before) before.next = leaf
  return leaf
}

function newLeaf(line: string): Leaf | undefined {
  const own = ownText(line)
  const tag = startTag(own, 0)
  if (!tag) return undefined
  const { name, attributes, isEmpty, end } = tag
  const closing = isEmpty ? end : own.indexOf('<', end)
  if (closing === -1) return undefined
  END.lastIndex = closing
  const isWhole = isEmpty ? closing === own.length : END.exec(own)?.[1] === name && END.lastIndex === own.length
  const raw = own.slice(end, closing)
  const content = raw.includes('&') ? decode(raw) : raw
  if (!isWhole || content === undefined) return undefined
  const leaf = { line: own, name, attributes, text: content }
  KNOWN_LEAVES.set(own, leaf)
  return leaf
}

/** Adds text to the innermost element; outside of all only blanks are allowed. */
function take(raw: string, texts: string[]): boolean {
  if (texts.length === 0) return /^[ \t\n]*$/.test(raw)
  const decoded = raw.includes('&') ? decode(raw) : raw
  if (decoded === undefined) return false
  texts[texts.length - 1] += decoded
  return true
}

function decode(raw: string): string | undefined {
  let plain = true
  const decoded = raw.replace(REFERENCE, (_all, name?: string) => {
    if (name === undefined) plain = false
    return NAMED[name ?? ''] ?? ''
  })
  return plain ? decoded : undefined
}

interface StartTag {
  name: string
  attributes: Readonly<Record<string, string>>
  isEmpty: boolean
  end: number
}

function startTag(text: string, place: number): StartTag | undefined {
  START.lastIndex = place
  const start = START.exec(text)
  if (!start) return undefined
  const name = start[1] ?? ''
  let ending = start[2] ?? ''
  let end = START.lastIndex
  const attributes: Record<string, string> = {}
  while (ending !== '>' && ending !== '/>') {
    ATTRIBUTE.lastIndex = end
    const attribute = ATTRIBUTE.exec(text)
    const [key, raw] = [attribute?.[1], attribute?.[2]]
    if (!attribute || key === undefined || raw === undefined || Object.hasOwn(attributes, key)) return undefined
    const value = raw.includes('&') ? decode(raw) : raw
    // A parser may give such a name a meaning of its own.
    if (value === undefined || key === '__proto__') return undefined
    attributes[key] = value
    ending = attribute[3] ?? ''
    end = ATTRIBUTE.lastIndex
  }
  return { name, attributes, isEmpty: ending === '/>', end }
}
