import { ALL_SITES, may, type Permission } from '../accounts/permissions.js'
import type { SignedIn } from '../accounts/sign-in.js'
import { AppError } from '../domain/errors.js'
import type { Access, Call, RawInput, Route } from '../admin/route.js'
import { FEATURE_NAMES, isHidden, type Feature } from '../admin/features.js'
import { ROUTES } from '../admin/routes.js'
import type { Live } from './live.js'
import type { ViewName } from './view-names.js'
import type { WordKey, Words } from './words/words.js'

interface FormFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Fields of a form, or parameters: text. */
export type Fields = Readonly<Record<string, string | undefined>>

/** What a page is made from. */
export interface PageCall extends Call {
  words: Words
  params: Fields
  query: Fields
  form: Fields
  /** Of a form with a file. */
  file: FormFile | undefined
  /** Of a form with a folder. */
  files: readonly FormFile[]
  live: Live
  /** What `live` had told before anything was read for the page. */
  told: number
  /** Only this part of the page is asked for (id of the element that htmx fills). */
  part: string | undefined
}

/** A page to show. */
export interface Shown {
  view: ViewName
  title: string
  data: object
  status?: number
  /** Key of the menu entry it belongs to. */
  menu?: Menu
}

export type Menu = 'phones' | 'pending' | 'people' | 'groups' | 'settings' | 'admin' | 'me'

/** A file to keep. */
export interface Download {
  download: string
  text: string
  /** Left out: CSV. */
  type?: 'text/vcard'
}

/** What a page answers with: itself, where to go on, or a file. */
export type PageAnswer = (Shown | { to: string } | Download) & {
  signedIn?: SignedIn
  signedOut?: boolean
  /** Kept in the browser: how the visitor wants to see things. */
  remember?: Readonly<Partial<Record<Choice, string>>>
}

/** What a visitor chooses for himself; kept in cookies. */
export type Choice = 'theme' | 'language' | 'site'

/** A row of the table of pages. */
export interface PageRow {
  id: string
  method: 'get' | 'post'
  /** Parameters in braces. */
  path: string
  access: Access
  scope: 'site' | 'server'
  feature: Feature | undefined
  /** The form says what it starts from; another one saved meanwhile is a conflict. */
  conditional: boolean
  /** A stream of events instead of a page. */
  stream: boolean
  /** What its form may hold. */
  upload: false | 'file' | 'folder'
  run(call: PageCall): Promise<PageAnswer> | PageAnswer
  /** What to show when `run` refuses: the form again, with what was typed. Absent: a page with the error. */
  refused?(call: PageCall, error: AppError): Promise<PageAnswer> | PageAnswer
}

type Definition = Pick<PageRow, 'id' | 'method' | 'path' | 'run'> &
  Partial<Pick<PageRow, 'refused' | 'stream' | 'upload'>> &
  (
    | {
        /** The row of the API's table whose right it needs; a form also needs what that row asks of a change. */
        of: string
      }
    | { access: 'public' | 'self' }
  )

const BY_ID: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [route.id, route]))

function routeOf(id: string): Route {
  const route = BY_ID.get(id)
  if (!route) throw new Error(`the API has no route ${id}`)
  return route
}

/** A row of the table. */
export function page(definition: Definition): PageRow {
  const { stream = false, upload = false, ...row } = definition
  if ('access' in row) return { ...row, scope: 'site', feature: undefined, conditional: false, stream, upload }
  const { access, scope, feature, conditional } = routeOf(row.of)
  return { ...row, access, scope, feature, conditional: conditional && row.method === 'post', stream, upload }
}

/** True when the one who asks may use this route of the API here. */
export function mayUse({ by, site, parts }: Pick<Call, 'by' | 'site' | 'parts'>, id: string): boolean {
  const { access, scope, feature } = routeOf(id)
  if (isHidden(parts.snapshot, site.id, feature)) return false
  if (access === 'public' || access === 'self') return true
  return may(by.rights, access, scope === 'server' ? ALL_SITES : site.id)
}

/** What the site does without. */
export function hiddenHere({ parts, site }: Pick<Call, 'parts' | 'site'>): Feature[] {
  return FEATURE_NAMES.filter((name) => isHidden(parts.snapshot, site.id, name))
}

/** The permissions a page asks about, for showing only what works. */
export function permissionsHere({ by, site }: Pick<Call, 'by' | 'site'>, names: readonly Permission[]): Permission[] {
  return names.filter((name) => may(by.rights, name, site.id))
}

/** Uses a route of the API on behalf of the visitor: same checks, same use case. Throws FORBIDDEN and what it throws. */
export async function ask<T>(call: PageCall, id: string, input: Partial<RawInput> = {}): Promise<T> {
  if (!mayUse(call, id)) throw new AppError('FORBIDDEN', `${routeOf(id).access} is needed`)
  const answer = await routeOf(id).run(call, { params: {}, query: {}, body: undefined, ...input })
  return answer.body as T
}

/** Without the entries that are absent or empty. */
export function given(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  )
}

/** A refusal in the visitor's language. */
export interface Refusal {
  text: string
  /** The field it is about. */
  field?: string
  /** The server's own words, in English, where they say more. */
  detail?: string
}

const NOT_FOUND = /_NOT_FOUND$/

export function refusalOf({ words }: Pick<PageCall, 'words'>, { code, message, details }: AppError): Refusal {
  const own = words.find(`error.${code}`) ?? (NOT_FOUND.test(code) ? words.t('error.NOT_FOUND') : undefined)
  const text = own?.replace('{seconds}', String(details.retryAfterSeconds ?? 0))
  const hint = details.hint === undefined ? '' : `. ${details.hint}`
  const detail = text === undefined || DETAILED.has(code) ? `${message}${hint}` : undefined
  return {
    text: text ?? words.t('error.title'),
    ...(details.field === undefined ? {} : { field: details.field }),
    ...(detail === undefined ? {} : { detail }),
  }
}

/** Refusals whose own words name what our texts do not. */
const DETAILED: ReadonlySet<string> = new Set([
  'PASSWORD_INVALID',
  'NAME_INVALID',
  'LINE_INVALID',
  'REQUEST_INVALID',
  'MOVE_IN_EMPTY',
  'CSV_INVALID',
  'IMPORT_STATE',
  'KEY_INVALID',
  'KEY_REPEATED',
  'SCHEDULE_INVALID',
  'WEBHOOK_INVALID',
  'SOFTPHONE_INVALID',
  'TEMPLATE_VALUE_REFUSED',
  'SEALED_VALUE_UNREADABLE',
  'SETTING_VALUE_INVALID',
  'SETTING_UNKNOWN',
  'SETTING_LAYER_FORBIDDEN',
])

/** A word for the address that the next page shows as done. */
export type Done = Extract<WordKey, `done.${string}`> extends `done.${infer Name}` ? Name : never

/** Where to go on, with a word about what was done. */
export function done(path: string, what: Done): string {
  return `${path}?done=${what}`
}
