import { layerTopic, type Change } from '../database/change.js'
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
import {
  describeExtension,
  draftExtension,
  emailInUse,
  extensionExists,
  userNameTaken,
  type ExtensionInput,
} from './draft.js'
import { chosenGroups, describeGroups, inGroups } from './groups.js'
import { requireKeys, type KeyInput } from './keys.js'
import { NO_POLICY, requireNumberInRange, requirePasswordByPolicy, type ExtensionPolicy } from './policy.js'
import { OWN_FIELDS, type RemovedExtension, type Restored } from './removed.js'
import { generatePassword, requireEmail, requireName, requirePassword } from './rules.js'
import type { ExtensionReads, ExtensionStore, ExtensionUses, ExtensionWrites } from './store.js'
import { renumberedUserName } from './user-names.js'

export interface ExtensionAdminParts {
  store: ExtensionStore
  secrets: SecretBox
  clock: Clock
  random: Random
  /** The site whose people this admin works on. */
  siteId: Id
  /** What the caller has seen: changes to anything else are refused with REVISION_CONFLICT. */
  seen?: Seen | undefined
  /** What the site asks of new people and passwords; left out: nothing. */
  policy?: () => Promise<ExtensionPolicy>
}

/** What an operator may do with extensions. `actor` goes into the audit log, for example `cli:root`. */
export interface ExtensionAdmin {
  /** Throws EXTENSION_EXISTS, NUMBER_INVALID, NAME_INVALID, EMAIL_INVALID, EMAIL_IN_USE, PASSWORD_INVALID, LINE_INVALID. */
  add(actor: string, input: ExtensionInput): Promise<{ extension: ExtensionRecord; password: Secret }>
  list(): Promise<ExtensionRecord[]>
  /** Throws EXTENSION_NOT_FOUND, as all below. */
  show(number: string): Promise<{ extension: ExtensionRecord; uses: ExtensionUses }>
  /** Its own SIP password; who looked is kept in the audit log. */
  password(actor: string, number: string): Promise<Secret>
  /** `email: ''` takes the address away. Absent values stay. */
  update(actor: string, number: string, changes: ExtensionChangeInput): Promise<ExtensionRecord>
  /** Somebody new with the same keys and settings; what makes a person this one is not copied. Throws what `add` does. */
  duplicate(
    actor: string,
    number: string,
    input: ExtensionInput,
  ): Promise<{ extension: ExtensionRecord; password: Secret }>
  /** Another number; keys and forwards of others follow. Throws EXTENSION_EXISTS, NUMBER_INVALID. */
  renumber(actor: string, number: string, to: string): Promise<ExtensionRecord>
  /** Sets a new own password, made when absent; lines of phones keep theirs. */
  resetPassword(actor: string, number: string, password?: string): Promise<Secret>
  /** Replaces all its keys. Throws KEY_INVALID. */
  setKeys(actor: string, number: string, keys: readonly KeyInput[]): Promise<ExtensionRecord>
  /**
   * Replaces the groups that the person is in, the strongest first; names are compared without case.
   * Throws GROUP_NOT_FOUND.
   */
  setGroups(actor: string, number: string, names: readonly string[]): Promise<ExtensionRecord>
  /** Throws EXTENSION_IN_USE unless `force`, which also takes it off phones and off the keys of others. */
  remove(actor: string, number: string, options?: { force?: boolean }): Promise<void>
  /** Those who were removed and can come back, newest first. */
  removed(): Promise<RemovedExtension[]>
  /** Brings one back, by id, with keys, settings and lines. Throws EXTENSION_NOT_FOUND, EXTENSION_EXISTS. */
  restore(actor: string, id: Id): Promise<Restored>
  policy(): Promise<ExtensionPolicy>
}

interface ExtensionChangeInput {
  name?: string | undefined
  email?: string | undefined
  enabled?: boolean | undefined
}

export function createExtensionAdmin(parts: ExtensionAdminParts): ExtensionAdmin {
  const { store, secrets, clock, random, siteId } = parts
  const policy = parts.policy ?? (() => Promise.resolve(NO_POLICY))
  const insert = async (
    writes: ExtensionWrites,
    action: string,
    actor: string,
    extension: ExtensionRecord,
  ): Promise<void> => {
    const { number, authUsername, email, id } = extension
    if (await writes.byNumber(siteId, number)) throw extensionExists(number)
    if (await writes.authUsernameTaken(siteId, authUsername)) throw userNameTaken(authUsername)
    if (email !== undefined && (await writes.emailTaken(siteId, email))) throw emailInUse(email)
    const change = changeOf(actor, action, extension)
    const feed = [...change.feed, layerTopic('extension', id)]
    await writes.insert(extension, { ...change, feed, after: describeExtension(extension) })
  }
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
    edit: (extension: ExtensionRecord, writes: ExtensionWrites) => ExtensionRecord | Promise<ExtensionRecord>,
  ): Promise<ExtensionRecord> =>
    store.change(async (writes) => {
      const before = await find(writes, number)
      refuseStale(before, parts.seen)
      const after = await edit(before, writes)
      await writes.replace(after, {
        ...changeOf(actor, action, after),
        before: describeExtension(before),
        after: describeExtension(after),
      })
      return { ...after, revision: before.revision + 1 }
    })

  return {
    add: async (actor, input) => {
      const drafted = draftExtension(parts, input, await policy())
      await store.change((writes) => insert(writes, 'add', actor, drafted.extension))
      return drafted
    },
    duplicate: async (actor, number, input) => {
      const drafted = draftExtension(parts, input, await policy())
      const extension = await store.change(async (writes) => {
        const source = await find(writes, number)
        const id = drafted.extension.id
        const keys = source.keys.map((key) => ({
          ...key,
          id: newId(random, clock.now()),
          owner: { kind: 'extension' as const, id },
        }))
        const { enabled, maxContacts, groups } = source
        const more = {
          ...(maxContacts === undefined ? {} : { maxContacts }),
          ...(groups === undefined ? {} : { groups }),
        }
        const copy = { ...drafted.extension, enabled, keys, ...more }
        await insert(writes, 'duplicate', actor, copy)
        await writes.copySettings(source.id, id, { without: OWN_FIELDS, at: clock.now() })
        return copy
      })
      return { extension, password: drafted.password }
    },
    renumber: async (actor, number, given) => {
      const to = requireExtensionNumber(given, 'number')
      requireNumberInRange(to, await policy())
      return store.change(async (writes) => {
        const before = await find(writes, number)
        refuseStale(before, parts.seen)
        if (to === before.number) return before
        const authUsername = renumberedUserName(before.authUsername, before.number, to)
        const taken = authUsername !== before.authUsername && (await writes.authUsernameTaken(siteId, authUsername))
        if (taken || (await writes.byNumber(siteId, to))) throw extensionExists(to)
        const after = { ...before, number: to, authUsername }
        const change = changeOf(actor, 'renumber', after)
        const others = await writes.follow(before, to, clock.now())
        await writes.replace(after, {
          ...change,
          before: describeExtension(before),
          after: describeExtension(after),
          feed: [...change.feed, ...others],
        })
        return { ...after, revision: before.revision + 1 }
      })
    },
    removed: () => store.removed(siteId, clock.now()),
    restore: async (actor, id) => {
      const restored = await store.change((writes) =>
        writes.restore(siteId, id, {
          author: { actor, at: clock.now() },
          action: 'extension.restore',
          entity: 'extension',
          entityId: id,
          siteId,
          feed: [],
        }),
      )
      if (!restored) throw new AppError('EXTENSION_NOT_FOUND', 'nobody of that kind can come back', { field: 'id' })
      return restored
    },
    policy,
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
      replace(actor, 'update', number, async (before, writes) => {
        const { email: oldEmail, ...rest } = before
        const newEmail = email === undefined ? oldEmail : email === '' ? undefined : requireEmail(email)
        const isOther = newEmail !== undefined && newEmail.toLowerCase() !== oldEmail?.toLowerCase()
        if (isOther && (await writes.emailTaken(siteId, newEmail, before.id))) throw emailInUse(newEmail)
        return {
          ...rest,
          ...(name === undefined ? {} : { displayName: requireName(name) }),
          ...(newEmail === undefined ? {} : { email: newEmail }),
          ...(enabled === undefined ? {} : { enabled }),
        }
      }),
    resetPassword: async (actor, number, given) => {
      const password = given === undefined ? generatePassword(random) : requirePassword(given)
      if (given !== undefined) requirePasswordByPolicy(given, await policy())
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
    setGroups: (actor, number, names) =>
      store.change(async (writes) => {
        const before = await find(writes, number)
        refuseStale(before, parts.seen)
        const all = await writes.groups(siteId)
        const after = inGroups(before, chosenGroups(all, names))
        await writes.replace(after, {
          ...changeOf(actor, 'set-groups', after),
          before: describeGroups(all, before),
          after: describeGroups(all, after),
        })
        return { ...after, revision: before.revision + 1 }
      }),
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

function refuseInUse(extension: ExtensionRecord, uses: ExtensionUses): void {
  if (uses.lines.length + uses.keys.length + uses.forwards.length === 0) return
  const phones = uses.lines.map(({ mac, position }) => `line ${position} of phone ${mac}`)
  const places = [
    ...phones,
    ...(uses.keys.length > 0 ? [`${uses.keys.length} key(s) of others`] : []),
    ...(uses.forwards.length > 0 ? [`${uses.forwards.length} forward(s) of others`] : []),
  ]
  throw new AppError('EXTENSION_IN_USE', `extension ${extension.number} is on ${places.slice(0, 5).join(', ')}`, {
    field: 'extension',
    hint: 'Take it off there first, or remove it by force, which clears them',
  })
}
