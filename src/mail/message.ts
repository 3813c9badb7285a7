import Handlebars from 'handlebars'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError } from '../domain/errors.js'
import { isNotice, MAIL_KINDS, MAIL_LANGUAGES, type MailKind, type MailLanguage } from './mail.js'

const line = z.string().min(1).max(600)
const lines = z.array(line).min(1)
const withCode = z.strictObject({
  ...{ subject: line, before: lines, button: line, code: line, own: line, after: lines },
  /** All that is said where a site does without softphones. Left out: what the texts shipped with phoneboot say. */
  withoutCode: lines.optional(),
})
const notice = z.strictObject({ subject: line, text: lines })
const inBoth = <T extends z.ZodType>(texts: T) => z.strictObject({ en: texts, de: texts })

type Texts = z.output<typeof withCode> | z.output<typeof notice>

/** What a mail with a code may tell. No secret is among them: a template cannot give away what it does not get. */
export interface MailValues extends Partial<CodeValues> {
  name: string
  number: string
  domain: string
  addresses: string
  site: string
}

/** What it may tell of the code. */
export interface CodeValues {
  app: string
  uses: string
  until: string
}

/** What a notice may tell. */
export interface NoticeValues {
  /** Of the person it is to; empty for an admin. */
  name: string
  number: string
  what: string
  when: string
  by: string
  people: string
  site: string
}

/** Links and pictures of a mail, which templates do not see. */
export interface MailLinks {
  /** Page of the code; absent: the mail is without one. */
  url?: string
  /** Page of the person, when there is one. */
  ownUrl?: string
}

/** A mail ready to be sent. */
export interface Message {
  subject: string
  text: string
  html: string
}

/** Content-ID of the picture of the code. */
export const QR_CID = 'code@phoneboot'

export type MailTemplates = ReadonlyMap<MailKind, Readonly<Record<MailLanguage, Compiled>>>

interface Compiled {
  subject: Fill
  before: readonly Fill[]
  /** Absent in notices. */
  code?: { button: Fill; caption: Fill; own: Fill; after: readonly Fill[]; without: readonly Fill[] }
}

type Fill = (values: MailValues | NoticeValues) => string

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Throws TEMPLATES_INVALID naming file and place. A later text of a kind replaces an earlier one. */
export function parseMailTemplates(sources: Iterable<readonly [string, string]>): MailTemplates {
  const templates = new Map<MailKind, Readonly<Record<MailLanguage, Compiled>>>()
  for (const [name, source] of sources) {
    const kind = MAIL_KINDS.find((one) => one === name)
    if (!kind) continue
    const where = `mail/${name}.yaml`
    const parsed = inBoth<z.ZodType<Texts>>(isNotice(kind) ? notice : withCode).safeParse(yamlOf(source, where))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new AppError('TEMPLATES_INVALID', `${where}: ${issue?.path.join('.')}: ${issue?.message}`)
    }
    const earlier = templates.get(kind)
    const [en, de] = MAIL_LANGUAGES.map((language) => compileAll(parsed.data[language], where, earlier?.[language]))
    if (en && de) templates.set(kind, { en, de })
  }
  return templates
}

function yamlOf(source: string, where: string): unknown {
  try {
    return parse(source)
  } catch (error) {
    throw new AppError('TEMPLATES_INVALID', `${where}: ${String(error).split('\n')[0]}`)
  }
}

function compileAll(texts: Texts, where: string, earlier: Compiled | undefined): Compiled {
  const compile = (text: string): Fill => {
    const run = Handlebars.create().compile(text, { noEscape: true, strict: true, knownHelpersOnly: true })
    return (values) => {
      try {
        // A header is one line, and so is a paragraph: nothing of a value can begin another.
        return run(values).replace(CONTROLS, ' ').trim()
      } catch (error) {
        throw new AppError('TEMPLATE_VALUE_MISSING', `${where}: ${error instanceof Error ? error.message : 'mistake'}`)
      }
    }
  }
  const subject = compile(texts.subject)
  if ('text' in texts) return { subject, before: texts.text.map(compile) }
  const [button, caption, own] = [compile(texts.button), compile(texts.code), compile(texts.own)]
  const without = texts.withoutCode?.map(compile) ?? earlier?.code?.without
  if (!without) throw new AppError('TEMPLATES_INVALID', `${where}: withoutCode is missing`)
  return {
    subject,
    before: texts.before.map(compile),
    code: { button, caption, own, after: texts.after.map(compile), without },
  }
}

type Paragraph = { readonly said: string; readonly to?: string; readonly isCode?: true }

/** The mail as text and as HTML; with a page of the code in `links`, its picture is in it. */
export function composeMail(
  templates: MailTemplates,
  kind: MailKind,
  language: MailLanguage,
  values: MailValues | NoticeValues,
  links: MailLinks = {},
): Message {
  const texts = templates.get(kind)?.[language]
  if (!texts) throw new AppError('TEMPLATES_INVALID', `there is no mail ${kind}`)
  const paragraphs = paragraphsOf(texts, values, links)
  const text = paragraphs
    .filter(({ isCode }) => !isCode)
    .map(({ said, to }) => (to === undefined ? said : `${said}:\n${to}`))
    .join('\n\n')
  const html = [
    `<!doctype html><html lang="${language}"><body style="font-family:sans-serif;line-height:1.5;color:#182433;background:#ffffff">`,
    ...paragraphs.map(htmlOf),
    '</body></html>',
  ].join('\n')
  return { subject: texts.subject(values), text: `${text}\n`, html }
}

function paragraphsOf(
  { before, code }: Compiled,
  values: MailValues | NoticeValues,
  { url, ownUrl }: MailLinks,
): Paragraph[] {
  const say = (fills: readonly Fill[]): Paragraph[] => fills.map((fill) => ({ said: fill(values) }))
  if (!code) return say(before)
  const own = ownUrl === undefined ? [] : [{ said: code.own(values), to: ownUrl }]
  if (url === undefined) return [...say(code.without), ...own]
  const set: Paragraph[] = [
    { said: code.button(values), to: url },
    { said: code.caption(values), isCode: true },
  ]
  return [...say(before), ...set, ...own, ...say(code.after)]
}

function htmlOf({ said, to, isCode }: Paragraph): string {
  const content = escapeHtml(said)
  if (to !== undefined) {
    return `<p><a href="${escapeHtml(to)}" style="display:inline-block;padding:10px 18px;background:#0b5cad;color:#ffffff;border-radius:4px;text-decoration:none">${content}</a></p>`
  }
  if (!isCode) return `<p>${content}</p>`
  // A white card under the code: cameras read no light on dark.
  return `<p style="background:#ffffff;padding:16px;display:inline-block"><img src="cid:${QR_CID}" alt="${content}" width="240" height="240"></p>\n<p>${content}</p>`
}

function escapeHtml(text: string): string {
  return Handlebars.escapeExpression(text)
}
