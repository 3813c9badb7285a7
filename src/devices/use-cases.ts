import type { Change } from '../database/change.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { formatMac, requireMac } from '../domain/mac-address.js'
import { newId, randomText } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { Secret } from '../domain/secret.js'
import { refuseKeyProblems, requireKeys, type KeyInput } from '../extensions/keys.js'
import type { ExtensionPolicy } from '../extensions/policy.js'
import { generatePassword, requireName } from '../extensions/rules.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { TOKEN_LENGTH, describeDevice, draftDevice, requireModel, type DeviceInput, type DraftParts } from './draft.js'
import { addLine, refuseTakenNames, requireLine, withoutFormer, type LineInput } from './line.js'
import { deviceExists, moveTarget, refuseWhatDoesNotFit } from './move.js'
import type { DeviceReads, DeviceStore, DeviceView, DeviceWrites } from './store.js'

export interface DeviceAdminParts extends DraftParts {
  store: DeviceStore
  /** What the caller has seen: changes to anything else are refused with REVISION_CONFLICT. */
  seen?: Seen | undefined
  /** What the site asks of new lines; left out: nothing. */
  policy?: () => Promise<Pick<ExtensionPolicy, 'userNames'>>
}

/** Days a removed phone gets the cleared file before its record is deleted (decision 8). */
export const RETIRED_DAYS = 30
const DAY_MS = 86_400_000

/** What an operator may do with phones. `actor` goes into the audit log; `mac` is taken in any spelling. */
export interface DeviceAdmin {
  /**
   * Adds a phone; one that was removed before starts afresh. Throws DEVICE_EXISTS, MAC_INVALID, MODEL_UNKNOWN,
   * EXTENSION_NOT_FOUND, LINE_INVALID, NAME_INVALID.
   */
  add(actor: string, input: DeviceInput & { lines?: readonly LineInput[] | undefined }): Promise<DeviceView>
  /** By MAC; removed ones only when asked. */
  list(options?: { retired?: boolean }): Promise<DeviceView[]>
  /** Throws DEVICE_NOT_FOUND, as all below. */
  show(mac: string): Promise<DeviceView>
  /** `name: ''` takes the name away, `groupId: ''` takes it out of its group. Another model must have room for the lines and keys. */
  update(
    actor: string,
    mac: string,
    changes: { name?: string | undefined; model?: string | undefined; groupId?: Id | undefined },
  ): Promise<DeviceView>
  addLine(actor: string, mac: string, line: LineInput): Promise<DeviceView>
  /** Throws LINE_INVALID when there is no such line. */
  removeLine(actor: string, mac: string, position: number): Promise<DeviceView>
  /** A new password for one line: whoever knows the old one cannot register any more; a binding made with it lasts until
   * it expires. Throws LINE_INVALID. */
  resetLinePassword(actor: string, mac: string, position: number, when?: 'now' | 'fetched'): Promise<Secret>
  /** Replaces all keys of the phone itself (its people's keys stay). Throws KEY_INVALID. */
  setKeys(actor: string, mac: string, keys: readonly KeyInput[]): Promise<DeviceView>
  /** Blocks, approves or holds a phone. */
  setState(actor: string, mac: string, state: 'approved' | 'blocked' | 'pending'): Promise<DeviceView>
  /**
   * A phone that was lost or stolen: blocked, its token and all its passwords void at once. Its person keeps number and
   * keys; lines and keys of its own stay for a move to another phone.
   */
  reportLost(actor: string, mac: string): Promise<DeviceView>
  /** Lines, keys and name go to another phone, with new credentials; the old one is removed. */
  move(actor: string, from: string, to: { mac: string; model?: string | undefined }): Promise<DeviceView>
  /** Lines die at once; the phone gets the cleared file for 30 days. `purge` deletes it right now. */
  remove(actor: string, mac: string, options?: { purge?: boolean }): Promise<void>
  /** Deletes phones that were removed more than 30 days ago; returns how many. */
  purgeRetired(actor: string): Promise<number>
  /** The token of its config URL; who looked is kept in the audit log. */
  token(actor: string, mac: string): Promise<Secret>
  /** A new token; the old URL stops working when the phone next tries it. */
  resetToken(actor: string, mac: string): Promise<Secret>
  /** Its admin password; who looked is kept in the audit log. */
  adminPassword(actor: string, mac: string): Promise<Secret>
}

type Edit = (before: DeviceView, writes: DeviceWrites) => DeviceRecord | Promise<DeviceRecord>

/** How long a password goes on being good that is to be replaced when the phone fetches. */
const FORMER_MS = 48 * 3_600_000

export function createDeviceAdmin(parts: DeviceAdminParts): DeviceAdmin {
  const { store, secrets, clock, random, models } = parts
  const id = (): Id => newId(random, clock.now())
  const changeOf = (actor: string, action: string, device: DeviceRecord): Change => ({
    author: { actor, at: clock.now() },
    action: `device.${action}`,
    entity: 'device',
    entityId: device.id,
    siteId: device.siteId,
    feed: [{ topic: 'device', key: device.id }],
  })
  const save = async (
    writes: DeviceWrites,
    actor: string,
    action: string,
    before: DeviceRecord,
    after: DeviceRecord,
    told: object = {},
  ): Promise<void> => {
    const words = { before: describeDevice(before), after: { ...describeDevice(after), ...told } }
    await writes.replace(after, { ...changeOf(actor, action, after), ...words })
  }
  /** A phone of another site is none. */
  const find = (reads: DeviceReads, mac: string, retired = false): Promise<DeviceView> =>
    requireDevice(reads, parts.siteId, mac, retired)
  const findToChange = async (reads: DeviceReads, mac: string, retired = false): Promise<DeviceView> => {
    const device = await find(reads, mac, retired)
    refuseStale(device, parts.seen)
    return device
  }
  const edit = (actor: string, action: string, mac: string, work: Edit, told?: object): Promise<DeviceView> =>
    store.change(async (writes) => {
      const before = await findToChange(writes, mac)
      await save(writes, actor, action, before, await work(before, writes), told)
      return await find(writes, mac)
    })
  const look = async (actor: string, action: string, mac: string): Promise<DeviceView> =>
    await store.change(async (writes) => {
      const device = await find(writes, mac)
      await writes.note({ ...changeOf(actor, action, device), feed: [] })
      return device
    })
  const retire = (device: DeviceRecord): DeviceRecord => ({
    ...device,
    state: 'retired',
    retiredAt: clock.now(),
    lines: [],
    keys: [],
  })
  const insert = async (writes: DeviceWrites, actor: string, device: DeviceRecord): Promise<void> => {
    const existing = await writes.byMac(device.mac)
    if (existing && (existing.state !== 'retired' || existing.siteId !== parts.siteId)) throw deviceExists(device.mac)
    if (existing) await writes.remove(existing, changeOf(actor, 'purge', existing))
    await refuseTakenNames(writes, device)
    await writes.insert(device, { ...changeOf(actor, 'add', device), after: describeDevice(device) })
  }

  /** What drafts are made with; asked for before a transaction begins. */
  const drafting = async (): Promise<DraftParts> => {
    const policy = await parts.policy?.()
    return policy ? { ...parts, userNames: policy.userNames } : parts
  }

  return {
    add: async (actor, input) => {
      const drafts = await drafting()
      return store.change(async (writes) => {
        let device = draftDevice(drafts, input)
        for (const line of input.lines ?? []) device = await addLine(drafts, writes, device, line)
        await insert(writes, actor, device)
        return await find(writes, device.mac)
      })
    },
    list: async ({ retired = false } = {}) =>
      (await store.list(parts.siteId)).filter(({ state }) => retired || state !== 'retired'),
    show: (mac) => find(store, mac),
    update: (actor, mac, changes) =>
      edit(actor, 'update', mac, (before) => {
        const { name, groupId: oldGroup, ...rest } = before
        const groupId = changes.groupId ?? oldGroup
        const newName = changes.name === undefined ? name : changes.name === '' ? undefined : requireName(changes.name)
        const model = changes.model ?? before.model
        if (model !== before.model) refuseWhatDoesNotFit(parts, model, before)
        return { ...rest, model, ...(newName === undefined ? {} : { name: newName }), ...(groupId ? { groupId } : {}) }
      }),
    addLine: async (actor, mac, line) => {
      const drafts = await drafting()
      return edit(actor, 'add-line', mac, (before, writes) => addLine(drafts, writes, before, line))
    },
    removeLine: (actor, mac, position) =>
      edit(actor, 'remove-line', mac, (before) => {
        const gone = requireLine(before, position)
        return { ...before, lines: before.lines.filter((line) => line !== gone) }
      }),
    resetLinePassword: async (actor, mac, position, when = 'now') => {
      const password = generatePassword(random)
      const until = clock.now() + FORMER_MS
      const resetPassword: Edit = (before) => {
        const changed = requireLine(before, position)
        const { former: older, ...line } = changed
        // One that nobody has used yet is no former one: the phone still knows the one before.
        const former = { sealed: older?.sealed ?? changed.sealedPassword, until }
        const sealedPassword = secrets.seal(password, SEAL_CONTEXTS.linePassword(changed.id))
        const fresh = { ...line, sealedPassword, ...(when === 'fetched' ? { former } : {}) }
        return { ...before, lines: before.lines.map((one) => (one === changed ? fresh : one)) }
      }
      await edit(actor, 'reset-line-password', mac, resetPassword, { passwordOf: position })
      return new Secret(password)
    },
    setKeys: (actor, mac, keys) =>
      edit(actor, 'set-keys', mac, (before) => {
        const made = requireKeys(keys, { kind: 'device', id: before.id }, id)
        refuseKeyProblems(requireModel(models, before.model).checkKeys(made))
        return { ...before, keys: made }
      }),
    setState: (actor, mac, state) => edit(actor, state, mac, (before) => ({ ...before, state })),
    reportLost: (actor, mac) =>
      edit(actor, 'lost', mac, (before) => {
        const token = randomText(random, TOKEN_LENGTH)
        const lines = before.lines.map((line) => {
          const password = generatePassword(random)
          return { ...withoutFormer(line), sealedPassword: secrets.seal(password, SEAL_CONTEXTS.linePassword(line.id)) }
        })
        const sealedToken = secrets.seal(token, SEAL_CONTEXTS.deviceToken(before.id))
        return { ...before, state: 'blocked', lines, sealedToken, tokenHash: sha256Hex(token) }
      }),
    move: async (actor, from, to) => {
      const drafts = await drafting()
      return store.change(async (writes) => {
        const old = await findToChange(writes, from)
        const target = await moveTarget(drafts, writes, old, to)
        await save(writes, actor, 'move', old, retire(old))
        if (target.existing) await writes.remove(target.existing, changeOf(actor, 'purge', target.existing))
        await insert(writes, actor, target.device)
        return await find(writes, target.device.mac)
      })
    },
    remove: async (actor, mac, { purge = false } = {}) => {
      await store.change(async (writes) => {
        const device = await findToChange(writes, mac, purge)
        const change = { ...changeOf(actor, purge ? 'purge' : 'remove', device), before: describeDevice(device) }
        await (purge ? writes.remove(device, change) : writes.replace(retire(device), change))
      })
    },
    purgeRetired: async (actor) => {
      const old = await store.retiredBefore(clock.now() - RETIRED_DAYS * DAY_MS)
      for (const device of old) {
        const change = { ...changeOf(actor, 'purge', device), before: describeDevice(device) }
        await store.change((writes) => writes.remove(device, change))
      }
      return old.length
    },
    token: async (actor, mac) => {
      const device = await look(actor, 'show-token', mac)
      return secrets.open(device.sealedToken, SEAL_CONTEXTS.deviceToken(device.id))
    },
    resetToken: async (actor, mac) => {
      const token = randomText(random, TOKEN_LENGTH)
      await edit(actor, 'reset-token', mac, (before) => ({
        ...before,
        sealedToken: secrets.seal(token, SEAL_CONTEXTS.deviceToken(before.id)),
        tokenHash: sha256Hex(token),
      }))
      return new Secret(token)
    },
    adminPassword: async (actor, mac) => {
      const device = await look(actor, 'show-admin-password', mac)
      return secrets.open(device.sealedAdminPassword, SEAL_CONTEXTS.deviceAdminPassword(device.id))
    },
  }
}

/** Throws MAC_INVALID or DEVICE_NOT_FOUND; a removed phone is not found unless `retired`. */
async function requireDevice(reads: DeviceReads, siteId: Id, given: string, retired: boolean): Promise<DeviceView> {
  const mac = requireMac(given)
  const device = await reads.byMac(mac)
  if (!device || device.siteId !== siteId || (device.state === 'retired' && !retired)) {
    throw new AppError('DEVICE_NOT_FOUND', `there is no phone ${formatMac(mac)}`, {
      field: 'mac',
      ...(device?.siteId === siteId ? { hint: 'It was removed; add it again to use it' } : {}),
    })
  }
  return device
}
