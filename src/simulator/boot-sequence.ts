import { accountsOf, type PhoneAccount } from '../readers/phone-account.js'
import type { Entry } from '../readers/index.js'
import {
  BootFailure,
  type BootingPhone,
  fetchEntries,
  fetchFile,
  fileName,
  type Loaded,
  resolveUrl,
  type Sequence,
} from './boot-files.js'
import { yealinkGeneration } from './models.js'
import type { FailureKind } from './progress.js'

/** A boot ends with accounts to register, or with the reason why there are none. */
export type BootEnd =
  | { readonly kind: 'configured'; readonly accounts: readonly PhoneAccount[] }
  | { readonly kind: 'failed'; readonly failure: FailureKind; readonly detail: string }

/** More files than any server lists; stops rings of lists. */
const MOST_LISTED_FILES = 32

/**
 * The vendor's request sequence from power-on to a loaded config, as a generator: it yields what to fetch or how long
 * to wait, and is resumed with the outcome of each fetch. Pure: no socket, no clock.
 */
export function* boot(phone: BootingPhone): Sequence<BootEnd> {
  try {
    const { entries, ownFile } = yield* LOADERS[phone.model.vendor](phone)
    const { vendor, firmware } = phone.model
    const traits = vendor === 'yealink' ? { generation: yealinkGeneration(firmware) } : {}
    const accounts = accountsOf(vendor, entries, traits).filter((account) => account.active)
    if (accounts.length > 0) return { kind: 'configured', accounts }
    if (!ownFile) return { kind: 'failed', failure: 'not-found', detail: 'the server has no file for this phone' }
    return { kind: 'failed', failure: 'no-active-account', detail: 'the config switches no account on' }
  } catch (error) {
    if (!(error instanceof BootFailure)) throw error
    return { kind: 'failed', failure: error.failure, detail: error.detail }
  }
}

const LOADERS = { yealink: loadYealink, snom: loadSnom, grandstream: loadGrandstream } as const

/** V81+: `.boot` files first, and only their includes when one is there. All: common file, then the phone's own. */
function* loadYealink(phone: BootingPhone): Sequence<Loaded> {
  const { model, mac, baseUrl } = phone
  for (const file of model.asksBootFiles ? [`${mac}.boot`, 'y000000000000.boot'] : []) {
    const url = resolveUrl(file, baseUrl)
    const bytes = yield* fetchFile(phone, url)
    if (!bytes) continue
    const entries: Entry[] = []
    for (const include of bootFileIncludes(bytes, model.token)) {
      entries.push(...((yield* fetchEntries(phone, resolveUrl(include, url), 'yealink-cfg')) ?? []))
    }
    return { entries, ownFile: true }
  }
  const common = yield* fetchEntries(phone, resolveUrl(model.commonFile ?? '', baseUrl), 'yealink-cfg')
  const own = yield* fetchEntries(phone, resolveUrl(`${mac}.cfg`, baseUrl), 'yealink-cfg')
  return { entries: [...(common ?? []), ...(own ?? [])], ownFile: own !== undefined }
}

/** Files a Yealink boot file includes, in order: for all models, or with this model in the brackets before. */
export function bootFileIncludes(bytes: Uint8Array, modelToken: string): string[] {
  const [first, ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/)
  if (first !== '#!version:1.0.0.1') throw new BootFailure('unreadable', 'boot file without #!version:1.0.0.1')
  const includes: string[] = []
  for (const line of lines) {
    const match = /^\s*(?:\[([^\]]*)\])?\s*include:config\s+(?:<([^>]+)>|"([^"]+)")\s*$/.exec(line)
    if (!match) continue
    const models = match[1]?.split(',').map((token) => token.trim())
    if (!models || models.includes(modelToken)) includes.push(match[2] ?? match[3] ?? '')
  }
  return includes
}

/** `snomD120.htm`, then `snomD120-<MAC>.htm`; each holds settings or a list of files, which is followed. */
function* loadSnom(phone: BootingPhone): Sequence<Loaded> {
  const { token } = phone.model
  const entries: Entry[] = []
  const budget = { files: MOST_LISTED_FILES }
  yield* loadSnomFile(phone, resolveUrl(`${token}.htm`, phone.baseUrl), entries, budget)
  const ownFile = yield* loadSnomFile(
    phone,
    resolveUrl(`${token}-${phone.mac.toUpperCase()}.htm`, phone.baseUrl),
    entries,
    budget,
  )
  return { entries, ownFile }
}

/** Returns whether the file was there. What it lists is loaded in its place. */
function* loadSnomFile(phone: BootingPhone, url: string, into: Entry[], budget: { files: number }): Sequence<boolean> {
  const entries = yield* fetchEntries(phone, url, 'snom-xml')
  if (!entries) return false
  for (const entry of entries) {
    const listed = entry.name === 'file' ? entry.attributes.url : undefined
    if (listed === undefined) {
      into.push(entry)
      continue
    }
    budget.files -= 1
    if (budget.files < 0) throw new BootFailure('unreadable', `more than ${MOST_LISTED_FILES} files are listed`)
    const filled = listed.replaceAll('{mac}', phone.mac.toUpperCase())
    yield* loadSnomFile(phone, resolveUrl(filled, url), into, budget)
  }
  return true
}

/** Binary file, then XML: the phone's own, its model's, everybody's. The first XML ends it, unless P8467 is on. */
function* loadGrandstream(phone: BootingPhone): Sequence<Loaded> {
  const { mac, model, baseUrl } = phone
  yield* fetchFile(phone, resolveUrl(`cfg${mac}`, baseUrl))
  const entries: Entry[] = []
  let ownFile = false
  for (const file of [`cfg${mac}.xml`, `cfg${model.token}.xml`, 'cfg.xml']) {
    const url = resolveUrl(file, baseUrl)
    const loaded = yield* fetchEntries(phone, url, 'grandstream-xml')
    if (!loaded) continue
    requireMac(loaded, mac, url)
    entries.push(...loaded)
    ownFile ||= file === `cfg${mac}.xml`
    if (!entries.some(isProcessAll)) break
  }
  return { entries, ownFile }
}

function requireMac(entries: readonly Entry[], mac: string, url: string): void {
  const named = entries.find((entry) => entry.name === 'mac')?.value.toLowerCase()
  if (named !== undefined && named !== mac) {
    throw new BootFailure('unreadable', `${fileName(url)} is for another phone`)
  }
}

function isProcessAll({ name, value }: Entry): boolean {
  return (name === 'P8467' && value === '1') || (name === 'provisioning.config.processAll.enable' && value === 'Yes')
}
