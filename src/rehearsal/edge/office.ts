import { nameOfFile, type Catalog } from '../../catalog/catalog.js'
import type { PhoneModel } from '../../catalog/manifest.js'
import { toDevice, toLine } from '../../database/edge/device-rows.js'
import { toLineKey } from '../../database/edge/key-rows.js'
import { toExtension, toSite } from '../../database/edge/rows.js'
import { requireExtensionNumber } from '../../domain/extension-number.js'
import { sha256Hex } from '../../domain/fingerprint.js'
import type { Mac } from '../../domain/mac-address.js'
import { randomText, type Random } from '../../domain/random.js'
import { Secret } from '../../domain/secret.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'
import { SIMULATED_MODELS } from '../../simulator/models.js'
import { instanceId } from '../../simulator/registration.js'
import { MemorySnapshot, SnapshotContent } from '../../snapshot/memory-snapshot.js'
import type { Account } from '../messages.js'

/** A phone on the stage and what it asks for. */
export interface MadeUpPhone {
  readonly files: readonly string[]
  readonly httpUserAgent: string
  readonly account: Account
}

const SITE = 'rehearsal'
const FIRST_NUMBER = 1_000
const PASSWORD_LENGTH = 16

/**
 * People and phones that nobody knows, with passwords that were drawn for them. Their records are made from rows, as real
 * ones are, so that V8 sees the same kind of objects.
 */
export function madeUpOffice(
  catalog: Pick<Catalog, 'files'>,
  models: readonly PhoneModel[],
  secrets: SecretBox,
  random: Random,
): { snapshot: MemorySnapshot; phones: MadeUpPhone[] } {
  const content = new SnapshotContent()
  content.putSite(toSite({ id: SITE, slug: SITE, name: SITE, sip_domain: null, revision: 1 }))
  const phones = models.map((model, n) => addPhone({ content, catalog, secrets, random }, model, n))
  return { snapshot: new MemorySnapshot(content), phones }
}

interface Parts {
  content: SnapshotContent
  catalog: Pick<Catalog, 'files'>
  secrets: SecretBox
  random: Random
}

function addPhone({ content, catalog, secrets, random }: Parts, model: PhoneModel, n: number): MadeUpPhone {
  const number = requireExtensionNumber(String(FIRST_NUMBER + n))
  // Locally administered (IEEE 802): no maker's phone has such an address.
  const mac = `02${n.toString(16).padStart(10, '0')}` as Mac
  const [personId, deviceId, lineId] = [`person-${n}`, `phone-${n}`, `line-${n}`]
  const password = randomText(random, PASSWORD_LENGTH)
  const username = `${number}-${mac.slice(-4)}`
  const simulated = SIMULATED_MODELS.get(model.model)
  const person = toExtension({
    ...{ id: personId, site_id: SITE, number, display_name: `Phone ${number}`, email: null, auth_username: number },
    sealed_password: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(personId)),
    ...{ max_contacts: null, enabled: 1, revision: 1 },
  })
  const keys = [1, 2].map((position) =>
    toLineKey({
      ...{ id: `key-${n}-${position}`, site_id: SITE, extension_id: personId, device_id: null, bank: null, position },
      ...{ kind: 'blf', value: String(FIRST_NUMBER + n + position), label: null, line: null, locked: 0 },
    }),
  )
  const device = toDevice({
    ...{ id: deviceId, site_id: SITE, mac, model: model.model, name: null, state: 'approved', group_id: null },
    ...{ retired_at: null, token_hash: sha256Hex(mac), firmware_version: simulated?.firmware ?? null },
    sealed_token: secrets.seal(password, SEAL_CONTEXTS.deviceToken(deviceId)),
    sealed_admin_password: secrets.seal(password, SEAL_CONTEXTS.deviceAdminPassword(deviceId)),
    ...{ last_seen_at: 1, last_seen_ip: '127.0.0.1', revision: 1 },
  })
  const line = toLine({
    ...{ id: lineId, site_id: SITE, device_id: deviceId, position: 1, extension_id: personId, label: null },
    ...{ auth_username: username, sealed_password: secrets.seal(password, SEAL_CONTEXTS.linePassword(lineId)) },
    ...{ sealed_former: null, former_until: null },
  })
  content.putExtension(Object.assign(person, { keys }))
  content.putDevice(Object.assign(device, { lines: [line], keys: [] }))
  const files = catalog.files(model.model)
  // Some phones ask for half a dozen files that there are not; all of these go the same way.
  const [given, missed] = [files.filter(({ expectedMiss }) => !expectedMiss), files.filter((one) => one.expectedMiss)]
  return {
    files: [...given, ...missed.slice(0, 1)].flatMap((file) => nameOfFile(model, file, mac) ?? []),
    httpUserAgent: simulated?.httpUserAgent(mac) ?? model.model,
    account: {
      ...{ username, number, password: new Secret(password), instanceId: instanceId(mac) },
      userAgent: simulated?.sipUserAgent ?? model.model,
    },
  }
}
