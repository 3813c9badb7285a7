import type { Change } from '../database/change.js'
import type { Id, Line } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { formatMac, requireMac, type Mac } from '../domain/mac-address.js'
import { newId, randomText } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { Secret } from '../domain/secret.js'
import { refuseKeyProblems, requireKeys, type KeyInput } from '../extensions/keys.js'
import type { ExtensionPolicy } from '../extensions/policy.js'
import { generatePassword, requireName } from '../extensions/rules.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import {
  TOKEN_LENGTH,
  describeDevice,
  draftDevice,
  requireModel,
  withLine,
  type DeviceInput,
  type DraftParts,
} from './draft.js'
import type { DeviceReads, DeviceStore, DeviceView, DeviceWrites } from './store.js'

export interface DeviceAdminParts extends DraftParts {
  store: DeviceStore
  /** What the caller has seen: changes to anything else are refused with REVISION_CONFLICT. */
  seen?: Seen | undefined
  /** What the site asks of new lines; left out: nothing. */
  policy?: () => Promise<Pick<ExtensionPolicy, 'userNames'>>
}

interface LineInput {
  /** Number of the extension. */
  extension: string
  /** 1-based; default: the first free one. */
  position?: number | undefined
  label?: string | undefined
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

function withoutFormer(line: Line): Line {
  const bare = { ...line }
  delete bare.former
  return bare
}

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

export function deviceExists(mac: Mac): AppError {
  return new AppError('DEVICE_EXISTS', `there is a phone ${formatMac(mac)} already`, { field: 'mac' })
}

async function addLine(
  parts: DraftParts,
  writes: DeviceWrites,
  device: DeviceRecord,
  line: LineInput,
): Promise<DeviceRecord> {
  const number = requireExtensionNumber(line.extension)
  const extension = await writes.extensionByNumber(device.siteId, number)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
  // A name that somebody typed in by hand elsewhere may be taken; a drawn one hits it once in a billion.
  for (let attempt = 0; ; attempt += 1) {
    const drafted = withLine(parts, device, { ...line, extension })
    const names = drafted.lines.filter(({ id }) => !device.lines.some((old) => old.id === id))
    const taken = await Promise.all(names.map((each) => writes.authUsernameTaken(device.siteId, each.authUsername)))
    if (!taken.includes(true) || attempt === 3) return drafted
  }
}

async function refuseTakenNames(writes: DeviceWrites, device: DeviceRecord): Promise<void> {
  for (const line of device.lines) {
    if (await writes.authUsernameTaken(device.siteId, line.authUsername)) {
      throw new AppError('LINE_INVALID', `the user name ${line.authUsername} is taken`, { field: 'lines' })
    }
  }
}

function requireLine(device: DeviceRecord, position: number): DeviceRecord['lines'][number] {
  const line = device.lines.find((each) => each.position === position)
  if (!line) {
    const have = device.lines.map((each) => each.position).join(', ') || 'none'
    throw new AppError('LINE_INVALID', `the phone has no line ${position}`, { field: 'line', hint: `It has ${have}` })
  }
  return line
}

function refuseWhatDoesNotFit({ models }: DraftParts, model: string, device: DeviceRecord): void {
  const rules = requireModel(models, model)
  const beyond = device.lines.find(({ position }) => position > rules.accounts)
  if (beyond) {
    const what = `a ${model} has ${rules.accounts} line(s); line ${beyond.position} is in use`
    throw new AppError('LINE_INVALID', what, { field: 'model', hint: 'Remove the line first' })
  }
  refuseKeyProblems(rules.checkKeys(device.keys))
}

/** The phone that takes over: lines and keys of the old one under new ids and with new credentials. */
async function moveTarget(
  parts: DraftParts,
  writes: DeviceWrites,
  old: DeviceView,
  to: { mac: string; model?: string | undefined },
): Promise<{ device: DeviceRecord; existing: DeviceView | undefined }> {
  const mac = requireMac(to.mac)
  const existing = await writes.byMac(mac)
  const free = existing?.siteId === old.siteId && existing.lines.length === 0 && existing.id !== old.id
  if (existing && !free) throw deviceExists(mac)
  const model = to.model ?? existing?.model ?? old.model
  refuseWhatDoesNotFit(parts, model, old)
  let device = draftDevice(parts, { mac, model, name: old.name })
  for (const { extension, position, label } of old.lines) {
    device = await addLine(parts, writes, device, { extension, position, label })
  }
  const keys = requireKeys(
    old.keys.map(({ position, bank, kind, value, label, line }) => ({ position, bank, kind, value, label, line })),
    { kind: 'device', id: device.id },
    () => newId(parts.random, parts.clock.now()),
  )
  return { device: { ...device, keys }, existing: existing?.state === 'retired' ? undefined : existing }
}
