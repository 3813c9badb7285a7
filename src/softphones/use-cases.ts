import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id, Softphone, SoftphoneToken } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { newId, randomText, type Random } from '../domain/random.js'
import { generatePassword } from '../extensions/rules.js'
import { accountUserName, BY_NUMBER } from '../extensions/user-names.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { SoftphoneApps } from './app.js'
import { codeOf, type SoftphoneCode } from './code.js'
import type { SoftphonePlace } from './place.js'
import type { PublishedAddress } from './published.js'
import type { KeptSoftphone, SoftphoneStore, SoftphoneWrites } from './store.js'
import { checkedWish, requireApp, type CodeInput, type Wish } from './wish.js'

/** Crockford's base32: 160 bits, and masked in logs as tokens of phones are. */
const TOKEN_LENGTH = 32

export interface SoftphoneAdminParts {
  store: SoftphoneStore
  secrets: SecretBox
  clock: Clock
  random: Random
  siteId: Id
  apps: () => Promise<SoftphoneApps>
  addresses: () => readonly PublishedAddress[]
  place: () => Promise<SoftphonePlace>
}

/** What operators do with softphones; `actor` goes into the audit log. */
export interface SoftphoneAdmin {
  apps(): Promise<SoftphoneApps>
  addresses(): readonly PublishedAddress[]
  /** A softphone of its own for a person, with a code that sets it up. Throws EXTENSION_NOT_FOUND, SOFTPHONE_INVALID. */
  create(actor: string, number: string, input: CodeInput): Promise<SoftphoneCode>
  list(number: string): Promise<KeptSoftphone[]>
  /** It cannot register any more, at once. Throws SOFTPHONE_NOT_FOUND. */
  revoke(actor: string, id: Id): Promise<void>
  /** What was fetched stays; the code opens nothing any more. Throws SOFTPHONE_NOT_FOUND. */
  endCodes(actor: string, id: Id): Promise<void>
}

export function createSoftphoneAdmin(parts: SoftphoneAdminParts): SoftphoneAdmin {
  const { store, clock, siteId } = parts
  const changeOf = (actor: string, action: string, softphone: Softphone): Change => ({
    author: { actor, at: clock.now() },
    action: `softphone.${action}`,
    entity: 'softphone',
    entityId: softphone.id,
    siteId: softphone.siteId,
    feed: [{ topic: 'extension', key: softphone.extensionId }],
  })
  const find = async (writes: Pick<SoftphoneWrites, 'softphone'>, id: Id): Promise<KeptSoftphone> => {
    const softphone = await writes.softphone(id)
    if (softphone?.siteId === siteId) return softphone
    throw new AppError('SOFTPHONE_NOT_FOUND', 'there is no such softphone', { field: 'softphone' })
  }
  return {
    apps: parts.apps,
    addresses: parts.addresses,
    create: async (actor, number, input) => {
      const app = requireApp(await parts.apps(), input.app)
      const place = await parts.place()
      const wish = checkedWish(app, place, input)
      return await store.change(async (writes) => {
        const extension = await requireExtension(writes, siteId, number)
        const { softphone, password } = await draft(parts, writes, extension, wish)
        const { token, secret } = draftToken(parts, softphone, wish)
        const after = describeSoftphone(softphone, extension)
        await writes.insert(softphone, token, { ...changeOf(actor, 'add', softphone), after })
        return codeOf(place, { extension, softphone, app, password, token, secret, scheme: wish.scheme })
      })
    },
    list: async (number) => store.ofExtension((await requireExtension(store, siteId, number)).id),
    revoke: (actor, id) =>
      store.change(async (writes) => {
        const softphone = await find(writes, id)
        await writes.remove(softphone, {
          ...changeOf(actor, 'revoke', softphone),
          before: { app: softphone.app, authUsername: softphone.authUsername },
        })
      }),
    endCodes: (actor, id) =>
      store.change(async (writes) => {
        const softphone = await find(writes, id)
        await writes.endTokens(softphone, changeOf(actor, 'end-codes', softphone))
      }),
  }
}

async function requireExtension(
  reads: Pick<SoftphoneWrites, 'extensionByNumber'>,
  siteId: Id,
  given: string,
): Promise<ExtensionRecord> {
  const number = requireExtensionNumber(given)
  const extension = await reads.extensionByNumber(siteId, number)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
  return extension
}

async function draft(
  { secrets, clock, random }: SoftphoneAdminParts,
  writes: SoftphoneWrites,
  extension: ExtensionRecord,
  { app, name, transport, address }: Wish,
): Promise<{ softphone: Softphone; password: string }> {
  const id = newId(random, clock.now())
  const password = generatePassword(random)
  const draw = (): string => accountUserName(extension.number, BY_NUMBER, random, 'softphone')
  let authUsername = draw()
  // A drawn name hits one that somebody typed in elsewhere once in a billion.
  for (let attempt = 0; attempt < 3 && (await writes.authUsernameTaken(extension.siteId, authUsername)); attempt += 1) {
    authUsername = draw()
  }
  const softphone: Softphone = {
    id,
    siteId: extension.siteId,
    extensionId: extension.id,
    app: app.id,
    ...(name === undefined ? {} : { name }),
    authUsername,
    sealedPassword: secrets.seal(password, SEAL_CONTEXTS.softphonePassword(id)),
    transport,
    address: address.name,
  }
  return { softphone, password }
}

function draftToken(
  { clock, random }: SoftphoneAdminParts,
  softphone: Softphone,
  { uses, minutes }: Wish,
): { token: SoftphoneToken; secret: string } {
  const secret = randomText(random, TOKEN_LENGTH)
  const expiresAt = clock.now() + minutes * 60_000
  const id = newId(random, clock.now())
  return { token: { id, softphoneId: softphone.id, tokenHash: sha256Hex(secret), usesLeft: uses, expiresAt }, secret }
}

/** What the audit log keeps. */
function describeSoftphone(softphone: Softphone, { number }: ExtensionRecord): Record<string, unknown> {
  const { app, name, authUsername, transport, address } = softphone
  return { extension: number, app, ...(name === undefined ? {} : { name }), authUsername, transport, address }
}
