import Handlebars from 'handlebars'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError } from '../domain/errors.js'
import { MAIL_KINDS, MAIL_LANGUAGES, type MailKind, type MailLanguage } from './mail.js'

const line = z.string().min(1).max(600)
const inOneLanguage = z.strictObject({
  subject: line,
  before: z.array(line).min(1),
  button: line,
  code: line,
  own: line,
  after: z.array(line).min(1),
})
const schema = z.strictObject({ en: inOneLanguage, de: inOneLanguage })

type Texts = z.output<typeof inOneLanguage>

/** What a mail may tell. No secret is among them: a template cannot give away what it does not get. */
export interface MailValues {
  name: string
  number: string
  domain: string
  addresses: string
  app: string
  uses: string
  until: string
  site: string
}

/** Links and pictures of a mail, which templates do not see. */
export interface MailLinks {
  /** Page of the code. */
  url: string
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
  button: Fill
  code: Fill
  own: Fill
  after: readonly Fill[]
}

type Fill = (values: MailValues) => string

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** Throws TEMPLATES_INVALID naming file and place. A later text of a kind replaces an earlier one. */
export function parseMailTemplates(sources: Iterable<readonly [string, string]>): MailTemplates {
  const templates = new Map<MailKind, Readonly<Record<MailLanguage, Compiled>>>()
  for (const [name, source] of sources) {
    const kind = MAIL_KINDS.find((one) => one === name)
    if (!kind) continue
    const where = `mail/${name}.yaml`
    const parsed = schema.safeParse(yamlOf(source, where))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new AppError('TEMPLATES_INVALID', `${where}: ${issue?.path.join('.')}: ${issue?.message}`)
    }
    const [en, de] = MAIL_LANGUAGES.map((language) => compileAll(parsed.data[language], where))
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

function compileAll(texts: Texts, where: string): Compiled {
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
  const { subject, before, button, code, own, after } = texts
  return {
    subject: compile(subject),
    before: before.map(compile),
    button: compile(button),
    code: compile(code),
    own: compile(own),
    after: after.map(compile),
  }
}

/** The mail as text and as HTML with the picture of the code in it. */
export function composeMail(
  templates: MailTemplates,
  kind: MailKind,
  language: MailLanguage,
  values: MailValues,
  { url, ownUrl }: MailLinks,
): Message {
  const texts = templates.get(kind)?.[language]
  if (!texts) throw new AppError('TEMPLATES_INVALID', `there is no mail ${kind}`)
  const before = texts.before.map((fill) => fill(values))
  const after = texts.after.map((fill) => fill(values))
  const button = texts.button(values)
  const own = ownUrl === undefined ? undefined : texts.own(values)
  const text = [...before, `${button}:\n${url}`, ...(own === undefined ? [] : [`${own}:\n${ownUrl}`]), ...after].join(
    '\n\n',
  )
  const paragraph = (content: string): string => `<p>${escapeHtml(content)}</p>`
  const link = (to: string, content: string): string =>
    `<p><a href="${escapeHtml(to)}" style="display:inline-block;padding:10px 18px;background:#0b5cad;color:#ffffff;border-radius:4px;text-decoration:none">${escapeHtml(content)}</a></p>`
  const html = [
    `<!doctype html><html lang="${language}"><body style="font-family:sans-serif;line-height:1.5;color:#182433;background:#ffffff">`,
    ...before.map(paragraph),
    link(url, button),
    // A white card under the code: cameras read no light on dark.
    `<p style="background:#ffffff;padding:16px;display:inline-block"><img src="cid:${QR_CID}" alt="${escapeHtml(texts.code(values))}" width="240" height="240"></p>`,
    paragraph(texts.code(values)),
    ...(own === undefined || ownUrl === undefined ? [] : [link(ownUrl, own)]),
    ...after.map(paragraph),
    '</body></html>',
  ].join('\n')
  return { subject: texts.subject(values), text: `${text}\n`, html }
}

function escapeHtml(text: string): string {
  return Handlebars.escapeExpression(text)
}
