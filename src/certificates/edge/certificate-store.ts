import { randomBytes } from 'node:crypto'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../domain/clock.js'
import { makeFolder } from '../../domain/edge/make-folder.js'
import { AppError } from '../../domain/errors.js'
import type { Log } from '../../observe/log.js'
import { caEndsSoon, caValidity, leafValidity, reissueReason, type CertificateNames } from '../names.js'
import { inspectPair, issueCa, issueLeaf, type KeyPair } from './issue.js'

/** How often files, names and dates are looked at again, in milliseconds. */
export const CHECK_MS = 5_000
const DAY_MS = 86_400_000

/** The certificate that HTTPS shows at present. */
export interface CertificateStore {
  current(): KeyPair
  /** Own CA for phones to trust; undefined when the operator gave a certificate of his own. */
  caPem(): string | undefined
  /** Calls `listener` after each change of `current()`; returns a function that ends this. */
  onChange(listener: () => void): () => void
  /** Looks for changes now, as otherwise every CHECK_MS. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface CertificateStoreOptions {
  /** Holds the folder `tls` with ca.crt, ca.key, server.crt, server.key. */
  dataDir: string
  /** What the certificate must hold now. */
  names: () => CertificateNames
  /** PHONEBOOT_TLS_CERT and PHONEBOOT_TLS_KEY; both or none. */
  operator?: { certFile: string; keyFile: string }
  clock: Clock
  log: Log
}

/**
 * Opens the certificate store; makes CA and server certificate at the first start.
 * @throws AppError CONFIG_INVALID (the operator's files), KEY_FILE_UNUSABLE (the CA's key), DATA_DIR_UNUSABLE
 */
export async function openCertificateStore(options: CertificateStoreOptions): Promise<CertificateStore> {
  const source = options.operator ? await operatorSource(options.operator) : await ownSource(options)
  const store = new CheckedStore(options, source)
  store.keepChecking()
  return store
}

/** Where certificates come from. `next` gives a new pair, or undefined while the present one will do. */
interface Source {
  first: KeyPair
  ca: string | undefined
  next(present: KeyPair): Promise<KeyPair | undefined>
}

class CheckedStore implements CertificateStore {
  readonly #options: CertificateStoreOptions
  readonly #source: Source
  readonly #listeners = new Set<() => void>()
  #present: KeyPair
  #checking: Promise<void> = Promise.resolve()
  #cancel: () => void = () => undefined
  #closed = false
  #trouble = ''

  constructor(options: CertificateStoreOptions, source: Source) {
    this.#options = options
    this.#source = source
    this.#present = source.first
  }

  current(): KeyPair {
    return this.#present
  }

  caPem(): string | undefined {
    return this.#source.ca
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  check(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#check())
    return this.#checking
  }

  keepChecking(): void {
    if (this.#closed) return
    this.#cancel = this.#options.clock.after(CHECK_MS, () => {
      void this.check().then(() => this.keepChecking())
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#checking
  }

  async #check(): Promise<void> {
    if (this.#closed) return
    try {
      const next = await this.#source.next(this.#present)
      if (next) {
        this.#present = next
        for (const listener of this.#listeners) listener()
      }
      this.#trouble = ''
    } catch (error) {
      // The certificate in use goes on; files that are being replaced will fit at a later look.
      if (this.#trouble !== String(error)) this.#options.log.warn({ err: error }, 'the certificate was not renewed')
      this.#trouble = String(error)
    }
  }
}

async function operatorSource(files: { certFile: string; keyFile: string }): Promise<Source> {
  let seen = await stamp(files).catch(() => '')
  return {
    first: await readOperatorPair(files),
    ca: undefined,
    next: async () => {
      const now = await stamp(files)
      if (now === seen) return undefined
      const pair = await readOperatorPair(files)
      seen = now
      return pair
    },
  }
}

/** Changes whenever one of the files is written or replaced. */
async function stamp({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<string> {
  const facts = await Promise.all([stat(certFile), stat(keyFile)])
  return facts.map(({ mtimeMs, ctimeMs, size, ino }) => [mtimeMs, ctimeMs, size, ino].join(':')).join('|')
}

async function readOperatorPair(files: { certFile: string; keyFile: string }): Promise<KeyPair> {
  const cert = await readOperatorFile('PHONEBOOT_TLS_CERT', files.certFile)
  const key = await readOperatorFile('PHONEBOOT_TLS_KEY', files.keyFile)
  try {
    inspectPair({ cert, key })
  } catch (error) {
    throw new AppError(
      'CONFIG_INVALID',
      `PHONEBOOT_TLS_CERT ${files.certFile} and PHONEBOOT_TLS_KEY ${files.keyFile}: ${reasonOf(error)}`,
      { field: 'PHONEBOOT_TLS_CERT', hint: 'Give a PEM certificate with its chain, and its PEM key without password' },
      { cause: error },
    )
  }
  return { cert, key }
}

async function readOperatorFile(field: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${field}: ${reasonOf(error)}`, { field }, { cause: error })
  }
}

async function ownSource(options: CertificateStoreOptions): Promise<Source> {
  const { dataDir, clock, log } = options
  const folder = join(dataDir, 'tls')
  const ca = await ownCa(folder, clock, log)
  const caFacts = inspectPair(ca)
  const leafFiles = { certFile: join(folder, 'server.crt'), keyFile: join(folder, 'server.key') }

  const renew = async (reason: string): Promise<KeyPair> => {
    const leaf = await issueLeaf(options.names(), leafValidity(clock.now(), caFacts), ca)
    log.info({ reason, names: options.names() }, 'made a new server certificate')
    try {
      await writeOwn(leafFiles.keyFile, leaf.key, 0o600)
      await writeOwn(leafFiles.certFile, leaf.cert, 0o644)
    } catch (error) {
      // It serves as well from memory; the next start makes another one.
      log.warn({ err: error }, 'the new server certificate was not stored')
    }
    return leaf
  }
  const reasonAgainst = (leaf: KeyPair | undefined): string | undefined =>
    reissueReason(leaf && inspectPair(leaf), options.names(), caFacts, clock.now())

  const stored = await readOwnLeaf(leafFiles, ca)
  const reason = reasonAgainst(stored)
  return {
    first: stored && reason === undefined ? stored : await renew(reason ?? 'first start'),
    ca: ca.cert,
    next: async (present) => {
      const why = reasonAgainst(present)
      return why === undefined ? undefined : renew(why)
    },
  }
}

/** The stored server certificate, when it is whole and this CA's. */
async function readOwnLeaf(files: { certFile: string; keyFile: string }, ca: KeyPair): Promise<KeyPair | undefined> {
  try {
    const leaf = { cert: await readFile(files.certFile, 'utf8'), key: await readFile(files.keyFile, 'utf8') }
    return inspectPair(leaf).isIssuedBy(ca.cert) ? leaf : undefined
  } catch {
    return undefined
  }
}

/** Phones were told to trust this CA, so it is never replaced unasked, except when it ends. */
async function ownCa(folder: string, clock: Clock, log: Log): Promise<KeyPair> {
  const certFile = join(folder, 'ca.crt')
  const keyFile = join(folder, 'ca.key')
  const cert = await readOwn(certFile)
  if (cert !== undefined) {
    const ca = { cert, key: (await readOwn(keyFile)) ?? '' }
    const validity = inspectCa(ca, keyFile)
    if (!caEndsSoon(validity, clock.now())) return ca
    log.warn({ certFile }, 'the CA certificate ends: a new one is made, which phones must be told to trust')
  }
  const made = await issueCa(caValidity(clock.now()), randomBytes(4).toString('hex'))
  await requireFolder(folder)
  // The certificate comes last: one without its key would stop the next start.
  await writeOwn(keyFile, made.key, 0o600)
  await writeOwn(certFile, made.cert, 0o644)
  log.info({ certFile, days: Math.round((inspectPair(made).notAfter - clock.now()) / DAY_MS) }, 'made a new CA')
  return made
}

function inspectCa(ca: KeyPair, keyFile: string): ReturnType<typeof inspectPair> {
  try {
    return inspectPair(ca)
  } catch (error) {
    throw new AppError(
      'KEY_FILE_UNUSABLE',
      `The key of the own CA, ${keyFile}, is missing or damaged: ${reasonOf(error)}`,
      { hint: 'Restore it from the backup, or remove ca.crt to get a new CA, which phones must then be told to trust' },
      { cause: error },
    )
  }
}

/** @returns undefined when the file does not exist */
async function readOwn(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new AppError('KEY_FILE_UNUSABLE', `${file}: ${reasonOf(error)}`, {}, { cause: error })
  }
}

async function requireFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o700)
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `${folder}: ${reasonOf(error)}`, {}, { cause: error })
  }
}

/** Whole or not at all, on disk before it is used: a power cut leaves the old file or the new one. */
async function writeOwn(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.new`
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    throw new AppError('DATA_DIR_UNUSABLE', `${file}: ${reasonOf(error)}`, {}, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
