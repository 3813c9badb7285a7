import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { newId, type Random } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { Secret } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { requireKeys, type KeyInput } from './keys.js'
import { generatePassword, requireEmail, requireName, requirePassword } from './rules.js'
import type { ExtensionReads, ExtensionStore, ExtensionUses } from './store.js'

export interface ExtensionAdminParts {
  store: ExtensionStore
  secrets: SecretBox
  clock: Clock
  random: Random
  /** The site whose people this admin works on. */
  siteId: Id
  /** What the caller has seen: changes to anything else are refused with REVISION_CONFLICT. */
  seen?: Seen | undefined
}

export interface ExtensionInput {
  number: string
  name: string
  email?: string | undefined
  /** Made when absent. */
  password?: string | undefined
}

/** What an operator may do with extensions. `actor` goes into the audit log, for example `cli:root`. */
export interface ExtensionAdmin {
  /** Throws EXTENSION_EXISTS, NUMBER_INVALID, NAME_INVALID, EMAIL_INVALID, PASSWORD_INVALID. */
  add(actor: string, input: ExtensionInput): Promise<{ extension: ExtensionRecord; password: Secret }>
  list(): Promise<ExtensionRecord[]>
  /** Throws EXTENSION_NOT_FOUND, as all below. */
  show(number: string): Promise<{ extension: ExtensionRecord; uses: ExtensionUses }>
  /** Its own SIP password; who looked is kept in the audit log. */
  password(actor: string, number: string): Promise<Secret>
  /** `email: ''` takes the address away. Absent values stay. */
  update(actor: string, number: string, changes: ExtensionChangeInput): Promise<ExtensionRecord>
  /** Sets a new own password, made when absent; lines of phones keep theirs. */
  resetPassword(actor: string, number: string, password?: string): Promise<Secret>
  /** Replaces all its keys. Throws KEY_INVALID. */
  setKeys(actor: string, number: string, keys: readonly KeyInput[]): Promise<ExtensionRecord>
  /** Throws EXTENSION_IN_USE unless `force`, which also takes it off phones and off the keys of others. */
  remove(actor: string, number: string, options?: { force?: boolean }): Promise<void>
}

interface ExtensionChangeInput {
  name?: string | undefined
  email?: string | undefined
  enabled?: boolean | undefined
}

/** A new extension with its password sealed; for `add` and for imports. Checks every field. */
export function draftExtension(
  { secrets, clock, random, siteId }: Omit<ExtensionAdminParts, 'store' | 'seen'>,
  input: ExtensionInput,
): { extension: ExtensionRecord; password: Secret } {
  const id = newId(random, clock.now())
  const number = requireExtensionNumber(input.number, 'number')
  const password = input.password === undefined ? generatePassword(random) : requirePassword(input.password)
  return {
    extension: {
      id,
      siteId,
      number,
      displayName: requireName(input.name),
      ...(input.email ? { email: requireEmail(input.email) } : {}),
      authUsername: number,
      sealedPassword: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(id)),
      enabled: true,
      revision: 1,
      keys: [],
    },
    password: new Secret(password),
  }
}

/** What the audit log keeps and a list may show: everything but secrets. */
export function describeExtension(extension: ExtensionRecord): Record<string, unknown> {
  const { number, displayName, email, enabled, keys } = extension
  return {
    number,
    displayName,
    ...(email === undefined ? {} : { email }),
    enabled,
    keys: keys.map(({ position, kind, value, label, line }) => ({ position, kind, value, label, line })),
  }
}

export function createExtensionAdmin(parts: ExtensionAdminParts): ExtensionAdmin {
  const { store, secrets, clock, random, siteId } = parts
  const find = (reads: ExtensionReads, number: string): Promise<ExtensionRecord> =>
    requireExtension(reads, siteId, number)
  const changeOf = (actor: string, action: string, extension: ExtensionRecord): Change => ({
    author: { actor, at: clock.now() },
    action: `extension.${action}`,
    entity: 'extension',
    entityId: extension.id,
    siteId: extension.siteId,
    feed: [{ topic: 'extension', key: extension.id }],
  })
  const replace = (
    actor: string,
    action: string,
    number: string,
    edit: (extension: ExtensionRecord) => ExtensionRecord,
  ): Promise<ExtensionRecord> =>
    store.change(async (writes) => {
      const before = await find(writes, number)
      refuseStale(before, parts.seen)
      const after = edit(before)
      await writes.replace(after, {
        ...changeOf(actor, action, after),
        before: describeExtension(before),
        after: describeExtension(after),
      })
      return { ...after, revision: before.revision + 1 }
    })

  return {
    add: async (actor, input) => {
      const { extension, password } = draftExtension(parts, input)
      await store.change(async (writes) => {
        if (await writes.byNumber(siteId, extension.number)) throw extensionExists(extension.number)
        if (await writes.authUsernameTaken(siteId, extension.authUsername)) throw extensionExists(extension.number)
        await writes.insert(extension, { ...changeOf(actor, 'add', extension), after: describeExtension(extension) })
      })
      return { extension, password }
    },
    list: () => store.list(siteId),
    show: async (number) => {
      const extension = await find(store, number)
      return { extension, uses: await store.uses(extension) }
    },
    password: async (actor, number) => {
      const extension = await find(store, number)
      const password = secrets.open(extension.sealedPassword, SEAL_CONTEXTS.extensionPassword(extension.id))
      await store.change((writes) => writes.note({ ...changeOf(actor, 'show-password', extension), feed: [] }))
      return password
    },
    update: (actor, number, { name, email, enabled }) =>
      replace(actor, 'update', number, (before) => {
        const { email: oldEmail, ...rest } = before
        const newEmail = email === undefined ? oldEmail : email === '' ? undefined : requireEmail(email)
        return {
          ...rest,
          ...(name === undefined ? {} : { displayName: requireName(name) }),
          ...(newEmail === undefined ? {} : { email: newEmail }),
          ...(enabled === undefined ? {} : { enabled }),
        }
      }),
    resetPassword: async (actor, number, given) => {
      const password = given === undefined ? generatePassword(random) : requirePassword(given)
      await replace(actor, 'reset-password', number, (before) => ({
        ...before,
        sealedPassword: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(before.id)),
      }))
      return new Secret(password)
    },
    setKeys: (actor, number, keys) =>
      replace(actor, 'set-keys', number, (before) => ({
        ...before,
        keys: requireKeys(keys, { kind: 'extension', id: before.id }, () => newId(random, clock.now())),
      })),
    remove: (actor, number, { force = false } = {}) =>
      store.change(async (writes) => {
        const extension = await find(writes, number)
        refuseStale(extension, parts.seen)
        if (!force) refuseInUse(extension, await writes.uses(extension))
        await writes.remove(extension, {
          ...changeOf(actor, 'remove', extension),
          before: describeExtension(extension),
        })
      }),
  }
}

/** Throws NUMBER_INVALID or EXTENSION_NOT_FOUND. */
async function requireExtension(reads: ExtensionReads, siteId: Id, given: string): Promise<ExtensionRecord> {
  const number = requireExtensionNumber(given)
  const extension = await reads.byNumber(siteId, number)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
  return extension
}

export function extensionExists(number: string): AppError {
  return new AppError('EXTENSION_EXISTS', `there is an extension ${number} already`, { field: 'number' })
}

function refuseInUse(extension: ExtensionRecord, uses: ExtensionUses): void {
  if (uses.lines.length === 0 && uses.keys.length === 0) return
  const phones = uses.lines.map(({ mac, position }) => `line ${position} of phone ${mac}`)
  const places = [...phones, ...(uses.keys.length > 0 ? [`${uses.keys.length} key(s) of others`] : [])]
  throw new AppError('EXTENSION_IN_USE', `extension ${extension.number} is on ${places.slice(0, 5).join(', ')}`, {
    field: 'extension',
    hint: 'Take it off there first, or remove it by force, which clears them',
  })
}
