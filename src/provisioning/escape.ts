import { AppError } from '../domain/errors.js'

/** Writes a value so that the phone reads exactly this value, or refuses with TEMPLATE_VALUE_REFUSED. */
export type Escape = (value: string, where: string) => string

function refuse(where: string, reason: string): never {
  throw new AppError('TEMPLATE_VALUE_REFUSED', `${where}: ${reason}`, {
    field: where,
    hint: 'Remove the character from the name, label or setting behind this parameter',
  })
}

// A line break in a value would be a parameter of the stranger's choice (Yealink files know no escape).
const LINE_BREAKERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/

const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/

/** `key = value` files have no escape at all: what would not come back as it is, is refused. */
const kv: Escape = (value, where) => {
  if (LINE_BREAKERS.test(value)) refuse(where, 'holds a control character or line break')
  if (!value.isWellFormed()) refuse(where, 'is not well-formed Unicode')
  if (value !== value.trim()) refuse(where, 'begins or ends with a blank, which the phone would cut off')
  if (/^%null%$/i.test(value)) refuse(where, 'is the word that resets a parameter')
  return value
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Nearly all values: nothing to refuse and nothing to write otherwise. */
const PLAIN_IN_XML = /^[ !#-%(-;=?-~]*$/

/** XML 1.0 text and attribute values. Tabs and line breaks are refused too: no setting of a phone holds them. */
const xml: Escape = (value, where) => {
  if (PLAIN_IN_XML.test(value)) return value
  if (NOT_IN_XML.test(value) || /[\t\n\r]/.test(value)) refuse(where, 'holds a control character or line break')
  if (!value.isWellFormed()) refuse(where, 'is not well-formed Unicode')
  return value.replace(/[&<>"']/g, (character) => XML_ENTITIES[character] ?? character)
}

export const ESCAPES: Readonly<Record<'kv' | 'xml', Escape>> = { kv, xml }
