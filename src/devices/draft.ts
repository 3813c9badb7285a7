import type { Clock } from '../domain/clock.js'
import type { DeviceState, Id, Line, LineKey } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { requireMac } from '../domain/mac-address.js'
import { newId, randomFrom, randomText, type Random } from '../domain/random.js'
import { generatePassword, requireName } from '../extensions/rules.js'
import { accountUserName, BY_NUMBER, type UserNames } from '../extensions/user-names.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'

/** Characters of a device token: Crockford's base32, 160 bits. */
export const TOKEN_LENGTH = 32

/** What devices must know of a phone model; the catalog answers. */
export interface ModelRules {
  /** SIP accounts it has. */
  readonly accounts: number
  /** What the phone accepts as its admin password. */
  readonly adminPassword: { readonly alphabet: string; readonly length: number }
  /** What is wrong with these keys of a device, beyond what every phone refuses. */
  checkKeys(keys: readonly LineKey[]): readonly Problem[]
}

/** Undefined when there is no such model. */
export type ModelLookup = (modelId: string) => ModelRules | undefined

export interface DraftParts {
  secrets: SecretBox
  clock: Clock
  random: Random
  siteId: Id
  models: ModelLookup
  /** How new lines are named; left out: by their number. */
  userNames?: UserNames
}

export interface DeviceInput {
  /** Any spelling. */
  mac: string
  /** Catalog id, for example `yealink/t21p-e2`. */
  model: string
  name?: string | undefined
  /** Default: approved. */
  state?: Extract<DeviceState, 'approved' | 'pending'> | undefined
}

export interface LineDraftInput {
  extension: ExtensionRecord
  /** 1-based; default: the first free one. */
  position?: number | undefined
  label?: string | undefined
}

/** Throws MODEL_UNKNOWN. */
export function requireModel(models: ModelLookup, modelId: string): ModelRules {
  const rules = models(modelId)
  if (!rules) {
    throw new AppError('MODEL_UNKNOWN', `there is no phone model "${modelId.slice(0, 60)}"`, {
      field: 'model',
      hint: 'Models are named as their folders, for example yealink/t21p-e2',
    })
  }
  return rules
}

/** A new phone with a token and an admin password of its own; for `add` and for imports. */
export function draftDevice(
  parts: DraftParts,
  input: DeviceInput,
  lines: readonly LineDraftInput[] = [],
): DeviceRecord {
  const { secrets, clock, random, siteId, models } = parts
  const { adminPassword } = requireModel(models, input.model)
  const id = newId(random, clock.now())
  const token = randomText(random, TOKEN_LENGTH)
  const device: DeviceRecord = {
    id,
    siteId,
    mac: requireMac(input.mac),
    model: input.model,
    ...(input.name ? { name: requireName(input.name) } : {}),
    state: input.state ?? 'approved',
    sealedToken: secrets.seal(token, SEAL_CONTEXTS.deviceToken(id)),
    tokenHash: sha256Hex(token),
    sealedAdminPassword: secrets.seal(
      randomFrom(random, adminPassword.alphabet, adminPassword.length),
      SEAL_CONTEXTS.deviceAdminPassword(id),
    ),
    revision: 1,
    lines: [],
    keys: [],
  }
  return lines.reduce((soFar, line) => withLine(parts, soFar, line), device)
}

/** The device with one more line, which gets credentials of its own. Throws LINE_INVALID. */
export function withLine(parts: DraftParts, device: DeviceRecord, input: LineDraftInput): DeviceRecord {
  const { accounts } = requireModel(parts.models, device.model)
  const taken = new Set(device.lines.map(({ position }) => position))
  const free = Array.from({ length: accounts }, (_, index) => index + 1).find((position) => !taken.has(position))
  const position = input.position ?? free
  const refuse = (what: string): AppError => new AppError('LINE_INVALID', what, { field: 'lines' })
  if (position === undefined) throw refuse(`all ${accounts} lines of a ${device.model} are taken`)
  if (!Number.isInteger(position) || position < 1 || position > accounts) {
    throw refuse(`a ${device.model} has lines 1 to ${accounts}, not ${position}`)
  }
  if (taken.has(position)) throw refuse(`line ${position} is taken`)
  if (input.extension.siteId !== device.siteId) throw refuse('phone and extension belong to different sites')
  const line = draftLine(parts, device.id, input.extension, position, input.label)
  return { ...device, lines: [...device.lines, line].sort((a, b) => a.position - b.position) }
}

function draftLine(
  { secrets, clock, random, userNames = BY_NUMBER }: DraftParts,
  deviceId: Id,
  extension: ExtensionRecord,
  position: number,
  label: string | undefined,
): Line {
  const id = newId(random, clock.now())
  return {
    id,
    deviceId,
    position,
    extensionId: extension.id,
    ...(label ? { label: requireName(label, 'label') } : {}),
    authUsername: accountUserName(extension.number, userNames, random),
    sealedPassword: secrets.seal(generatePassword(random), SEAL_CONTEXTS.linePassword(id)),
  }
}

/** What the audit log keeps and a list may show: everything but secrets. */
export function describeDevice(device: DeviceRecord): Record<string, unknown> {
  const { mac, model, name, state, groupId, lines, keys } = device
  return {
    mac,
    model,
    ...(name === undefined ? {} : { name }),
    state,
    ...(groupId === undefined ? {} : { groupId }),
    lines: lines.map(({ position, extensionId, label, authUsername }) => ({
      position,
      extensionId,
      ...(label === undefined ? {} : { label }),
      authUsername,
    })),
    keys: keys.map(({ bank, position, kind, value, label, line }) => ({ bank, position, kind, value, label, line })),
  }
}
