import Handlebars from 'handlebars'
import { AppError } from '../domain/errors.js'
import { ESCAPES, type Escape } from '../provisioning/escape.js'

/** Everything an app may be told; names as in the templates. */
export interface AccountValues {
  /** Of the person. */
  name: string
  number: string
  /** Digest user name. */
  user: string
  password: string
  /** MD5 HA1 of user, realm and password (RFC 7616 §3.4.2), hex. */
  ha1: string
  realm: string
  /** Domain part of the address of record. */
  domain: string
  /** Where to send REGISTER to: a name or address, IPv6 in brackets. */
  host: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  /** Where the set-up is fetched: `https://…/s/<token>`. */
  url: string
  scheme: 'http' | 'https'
}

/** Kinds of files, by how a value is written into them. */
export const DOCUMENT_KINDS = [
  'xml',
  'xml-ascii',
  'ini',
  'quoted',
  'properties',
  'json',
  'account-line',
  'semicolons',
] as const
export type DocumentKind = (typeof DOCUMENT_KINDS)[number] | 'plain'

export type DocumentTemplate = (values: AccountValues) => string

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/

function refuse(where: string, reason: string): never {
  throw new AppError('TEMPLATE_VALUE_REFUSED', `${where}: ${reason}`, { field: where })
}

const plain: Escape = (value, where) =>
  CONTROLS.test(value) || !value.isWellFormed() ? refuse(where, 'holds a control character') : value

/** What has a meaning in this kind of file is refused: none of them has an escape. */
function without(signs: RegExp, what: string): Escape {
  return (value, where) => (signs.test(value) ? refuse(where, `holds ${what}`) : plain(value, where))
}

const ESCAPE: Readonly<Record<DocumentKind, Escape>> = {
  plain,
  xml: ESCAPES.xml,
  // For a code: it cannot say how its letters are encoded, and readers that guess get umlauts wrong.
  'xml-ascii': (value, where) =>
    ESCAPES.xml(value, where).replace(/[^\x00-\x7f]/gu, (letter) => `&#${letter.codePointAt(0)};`),
  // Windows cuts off blanks at the ends, and quotes around everything.
  ini: (value, where) => {
    if (/^\s|\s$|^(["']).*\1$/.test(value)) return refuse(where, 'begins or ends with a blank or quotation mark')
    return plain(value, where)
  },
  quoted: without(/["\\]/, 'a quotation mark or backslash'),
  // java.util.Properties: backslash escapes, ISO 8859-1.
  properties: (value, where) =>
    plain(value, where)
      .replace(/\\/g, '\\\\')
      .replace(/^ /, '\\ ')
      .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  json: (value, where) => JSON.stringify(plain(value, where)).slice(1, -1),
  'account-line': without(/[";<>\\]/, 'a sign that ends it'),
  semicolons: (value, where) => plain(value, where).replaceAll(';', ';;'),
}

/** Signs of a display name that some file cannot hold become blanks: nobody is refused a softphone for a nickname. */
const NAME_SIGNS: Readonly<Partial<Record<DocumentKind, RegExp>>> = {
  ini: /^["']|["']$/g,
  quoted: /["\\]/g,
  'account-line': /[";<>\\]/g,
}

function nameFor(kind: DocumentKind, name: string): string {
  const signs = NAME_SIGNS[kind]
  return signs ? name.replace(signs, ' ').replace(/ +/g, ' ').trim() : name
}

/** `quotable` is for a name between quotation marks, as in a SIP address. */
function namesFor(kind: DocumentKind, { name }: AccountValues): { name: string; quotable: string } {
  return { name: nameFor(kind, name), quotable: nameFor(kind, nameFor('quoted', name)) }
}

type BlockOptions = { fn: (context: unknown) => string }

const HELPERS = {
  eq: (a: unknown, b: unknown) => a === b,
  upper: (text: unknown) => String(text).toUpperCase(),
  u: (text: unknown) => encodeURIComponent(String(text)),
  withoutScheme: (text: unknown) => String(text).replace(/^[a-z]+:\/\//, ''),
  base64(this: unknown, { fn }: BlockOptions) {
    return Buffer.from(fn(this).replace(/\r?\n/g, '\r\n')).toString('base64')
  },
}

/**
 * Compiles the text of a file: Handlebars, each value escaped for its kind before it gets in, unknown names refused.
 * @throws AppError TEMPLATES_INVALID for a text that is none; the template throws TEMPLATE_VALUE_REFUSED for a value
 * that this kind of file cannot hold, and TEMPLATE_VALUE_MISSING for an unknown name
 */
export function compileDocument(source: string, kind: DocumentKind, where: string): DocumentTemplate {
  const environment = Handlebars.create()
  for (const [name, helper] of Object.entries(HELPERS)) environment.registerHelper(name, helper)
  const known = Object.fromEntries(Object.keys(HELPERS).map((name) => [name, true]))
  let run: HandlebarsTemplateDelegate
  try {
    environment.parse(source)
    // Values come escaped already, by the rules of the file and not of HTML.
    run = environment.compile(source, { noEscape: true, strict: true, knownHelpers: known, knownHelpersOnly: true })
  } catch (error) {
    throw new AppError('TEMPLATES_INVALID', `${where}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const escape = ESCAPE[kind]
  return (values) => {
    const escaped = Object.fromEntries(
      Object.entries({ ...values, ...namesFor(kind, values) }).map(([name, value]) => [
        name,
        typeof value === 'string' ? escape(value, `${where}: ${name}`) : value,
      ]),
    )
    try {
      return run(escaped)
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('TEMPLATE_VALUE_MISSING', `${where}: ${error instanceof Error ? error.message : 'mistake'}`)
    }
  }
}
