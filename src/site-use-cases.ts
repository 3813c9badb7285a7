import type { SiteUseCases } from './admin/parts.js'
import { ImportDesk } from './bulk/desk.js'
import { createKnexApplyBulk } from './bulk/edge/knex-apply.js'
import { createKnexImportStore } from './bulk/edge/knex-import-store.js'
import { loadProfiles } from './bulk/edge/load-profiles.js'
import { createPace } from './bulk/edge/pace.js'
import { readSurroundings } from './bulk/edge/surroundings.js'
import { createModelFinder } from './bulk/model-names.js'
import { withImportsBeside, type ImportsBeside } from './bulk/beside.js'
import { createBulkUseCases, SERVER_RUNNER, type BulkParts } from './bulk/use-cases.js'
import type { StoredImport } from './bulk/store.js'
import type { Knowledge, Stored } from './bulk/work.js'
import { isSecretParameter, rawParameterProblem, type Catalog } from './catalog/catalog.js'
import { checkDeviceKeys } from './catalog/key-bank.js'
import type { Databases } from './database/edge/connect.js'
import { orUnusable } from './database/edge/write.js'
import type { ModelLookup } from './devices/draft.js'
import type { DeviceStore } from './devices/store.js'
import { createDeviceAdmin } from './devices/use-cases.js'
import type { Clock } from './domain/clock.js'
import type { Id, Layer } from './domain/entities.js'
import { AppError } from './domain/errors.js'
import type { Mac } from './domain/mac-address.js'
import { newId, type Random } from './domain/random.js'
import type { Seen } from './domain/revision.js'
import { createKnexExtensionStore } from './extensions/edge/knex-store.js'
import { createKnexUnnumberedStore } from './extensions/edge/knex-unnumbered.js'
import { policyOf, type ExtensionPolicy } from './extensions/policy.js'
import { createUnnumberedAdmin } from './extensions/unnumbered.js'
import { createExtensionAdmin } from './extensions/use-cases.js'
import { createKnexGroupStore } from './groups/edge/knex-store.js'
import { createGroupAdmin } from './groups/use-cases.js'
import type { Mailing } from './mail/edge/open.js'
import { withWelcome } from './mail/welcome.js'
import { MoveInDesk } from './move-in/desk.js'
import type { KnownModels } from './move-in/models.js'
import { createMoveInAdmin, type MoveInAdminParts } from './move-in/use-cases.js'
import type { Log } from './observe/log.js'
import type { PhoneData } from './phone-data.js'
import { readStrangers } from './provisioning/edge/event-reads.js'
import { READERS } from './readers/index.js'
import type { SecretBox } from './secrets/seal.js'
import { createKnexSettingsStore } from './settings/edge/knex-store.js'
import { layerValues } from './settings/store.js'
import { createSettingsAdmin } from './settings/use-cases.js'
import { checkSetting, parseRawKey, type SettingContent, type Vocabulary } from './settings/vocabulary.js'
import { loadSnapshot } from './snapshot/edge/load-snapshot.js'
import type { SnapshotFeed } from './snapshot/edge/snapshot-feed.js'
import { MemorySnapshot } from './snapshot/memory-snapshot.js'
import type { ListedSnapshot } from './snapshot/snapshot.js'
import type { Softphones } from './softphones/edge/open.js'
import { KnexDeliveryStore } from './webhooks/edge/knex-deliveries.js'
import { KnexWebhookStore } from './webhooks/edge/knex-store.js'
import { createWebhookAdmin } from './webhooks/use-cases.js'

/** What is known of phones and their settings. */
export interface PhoneKnowledge {
  catalog: Catalog
  vocabulary: Vocabulary
}

export interface SiteUseCasesParts {
  databases: Pick<Databases, 'main' | 'events'>
  deviceStore: DeviceStore
  secrets: SecretBox
  clock: Clock
  random: Random
  log: Log
  /** Asked for when it is needed: most commands do without, and reading it takes longer than they do. */
  phones(): Pick<PhoneData, 'catalog' | 'vocabulary' | 'zones' | 'render'>
  /** Folders of device templates, the shipped one first. */
  templateRoots(): readonly string[]
  softphones: Softphones
  mailing: Mailing
  /** People who are added get a mail. */
  welcomeMail: boolean
  importDesk: ImportDesk
  /** Undefined: this is no server. */
  server?: () => RunningSide | undefined
}

/** What a running server adds to imports and exports. */
export interface RunningSide {
  /** Kept up to date; without it what is there is read from the database. */
  feed?: Pick<SnapshotFeed, 'refresh' | 'snapshot'>
  /** Where long imports are done; absent: in this thread. */
  imports?: ImportsBeside | undefined
  importEnded(job: StoredImport): void
}

/** Where files lie open for all sites. */
export function openImportDesk({
  databases,
  clock,
  random,
  log,
  server,
}: Pick<SiteUseCasesParts, 'databases' | 'clock' | 'random' | 'log' | 'server'>): ImportDesk {
  return new ImportDesk({
    ...{ clock, random, log },
    store: createKnexImportStore(databases.main),
    runner: `${SERVER_RUNNER}${newId(random, clock.now())}`,
    ended: (job) => server?.()?.importEnded(job),
  })
}

/** What operators do, site by site; with `seen` they change nothing else than what was seen. */
export type ForSite = (siteId: Id, seen?: Seen) => SiteUseCases

/** The use cases over one database: for the server, commands and tests alike. */
export function createSiteUseCases(parts: SiteUseCasesParts): ForSite {
  const { databases, deviceStore, softphones, mailing, welcomeMail, secrets, clock, random, log, phones } = parts
  const stores = {
    extensions: createKnexExtensionStore(databases.main),
    groups: createKnexGroupStore(databases.main),
    unnumbered: createKnexUnnumberedStore(databases.main),
    settings: createKnexSettingsStore(databases.main),
    webhooks: new KnexWebhookStore(databases.main),
    deliveries: new KnexDeliveryStore(databases.events),
  }
  const models = modelLookup(() => phones().catalog)
  const sharedBulk = bulkParts(parts)
  const moveIns = moveInParts(parts)
  const check = (key: string, layer: Layer, value: unknown): SettingContent => {
    requireRawParameter(phones().catalog, key)
    return checkSetting(phones().vocabulary, key, layer, value)
  }
  return (siteId, seen) => {
    const inSite = { secrets, clock, random, siteId, seen }
    const policy = async (): Promise<ExtensionPolicy> =>
      policyOf([await layerValues(stores.settings, 'global', ''), await layerValues(stores.settings, 'site', siteId)])
    const mails = mailing.forSite(siteId)
    const people = createExtensionAdmin({ ...inSite, policy, store: stores.extensions })
    const extensions = welcomeMail ? withWelcome(people, mails, log) : people
    const devices = createDeviceAdmin({ ...inSite, models, policy, store: deviceStore })
    const settings = createSettingsAdmin({
      ...inSite,
      store: stores.settings,
      checkSetting: check,
      isSecret: (key) => isSecretSetting(phones(), key),
    })
    const ownBulk = createBulkUseCases({
      ...inSite,
      ...sharedBulk,
      models,
      unnumbered: createUnnumberedAdmin({ ...inSite, store: stores.unnumbered }),
      checkSetting: (key, value, layer = 'extension') => check(key, layer, value),
      password: (actor, number) => extensions.password(actor, number),
    })
    const bulk = withImportsBeside(ownBulk, siteId, () => parts.server?.()?.imports)
    return {
      extensions,
      softphones: softphones.forSite(siteId),
      mails,
      devices,
      groups: createGroupAdmin({ ...inSite, store: stores.groups }),
      webhooks: createWebhookAdmin({ ...inSite, store: stores.webhooks, deliveries: stores.deliveries }),
      settings,
      bulk,
      moveIns: createMoveInAdmin({ ...moveIns, siteId, bulk, settings, devices }),
    }
  }
}

/** All that is stored, as it is now: what a running server answers from, else read from the database. */
async function storedNow({ databases, server }: SiteUseCasesParts): Promise<ListedSnapshot> {
  const feed = server?.()?.feed
  if (!feed) return new MemorySnapshot((await orUnusable(loadSnapshot(databases.main))).content)
  await orUnusable(feed.refresh())
  return feed.snapshot
}

/** What imports of all sites share. */
function bulkParts(
  parts: SiteUseCasesParts,
): Pick<BulkParts, 'load' | 'surroundings' | 'apply' | 'desk' | 'pace' | 'knowledge'> {
  const { phones, templateRoots, importDesk } = parts
  const { main } = parts.databases
  let known: Promise<Knowledge> | undefined
  const learn = async (): Promise<Knowledge> => {
    const { catalog, vocabulary } = phones()
    return {
      vocabulary,
      profiles: await loadProfiles(templateRoots(), createPace()),
      findModel: createModelFinder(catalog.models()),
      isSecret: (key) => isSecretSetting({ catalog, vocabulary }, key),
    }
  }
  return {
    load: async () => {
      const stored = await storedNow(parts)
      const layer: Stored['layer'] = (name, owner) => stored.layer(name, owner)
      return { extensions: stored.allExtensions(), devices: stored.allDevices(), layer }
    },
    surroundings: (siteId) => readSurroundings(main, siteId),
    apply: createKnexApplyBulk(main),
    desk: importDesk,
    pace: createPace,
    // Profiles of files and names of models are read when somebody imports or exports.
    knowledge: async () => {
      known ??= learn()
      try {
        return await known
      } catch (error) {
        // A profile of the operator's that is wrong may be right the next time.
        known = undefined
        throw error
      }
    },
  }
}

/** What taking over from other servers shares for all sites. */
function moveInParts(
  parts: SiteUseCasesParts,
): Pick<MoveInAdminParts, 'desk' | 'learning' | 'knownModels' | 'zoneHere' | 'log'> {
  const { clock, log, phones } = parts
  const learnt: ReturnType<MoveInAdminParts['learning']>['learnt'] = new Map()
  return {
    log,
    desk: new MoveInDesk(clock),
    zoneHere: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    learning: () => {
      const { catalog, vocabulary, zones, render } = phones()
      return { catalog, vocabulary, zones, render, readers: READERS, pace: createPace(), learnt }
    },
    knownModels: async (): Promise<KnownModels> => {
      const stored = await storedNow(parts)
      const { catalog } = phones()
      const claims = new Map<Mac, string>()
      for (const { lastMac, lastUserAgent } of await readStrangers(parts.databases.events, {
        limit: STRANGERS_ASKED,
      })) {
        const claim = lastUserAgent === undefined ? undefined : catalog.userAgent(lastUserAgent)
        const model = claim && catalog.modelByToken(claim.family, claim.model)
        if (model && lastMac !== undefined) claims.set(lastMac, model.model)
      }
      return { of: (mac) => stored.deviceByMac(mac)?.model ?? claims.get(mac) }
    },
  }
}

/** Phones that called here unknown, and said what they are. */
const STRANGERS_ASKED = 10_000

/** What the use cases for devices ask of a model. */
function modelLookup(catalog: () => Catalog): ModelLookup {
  return (id) => {
    const model = catalog().model(id)
    return (
      model && {
        accounts: model.lines,
        adminPassword: model.adminPassword,
        checkKeys: (keys) => checkDeviceKeys(model, keys),
      }
    )
  }
}

/** Refuses a raw parameter that no file of its family could hold, with SETTING_UNKNOWN. */
function requireRawParameter(catalog: Catalog, key: string): void {
  const raw = parseRawKey(key)
  const problem = raw && rawParameterProblem(catalog, raw.family, raw.parameter)
  if (problem !== undefined) throw new AppError('SETTING_UNKNOWN', `${key}: ${problem}`, { field: key })
}

/** True for settings of type secret, and for raw parameters that hold passwords. */
export function isSecretSetting({ catalog, vocabulary }: PhoneKnowledge, key: string): boolean {
  const raw = parseRawKey(key)
  if (!raw) return vocabulary.get(key)?.type === 'secret'
  return catalog.models().some((model) => model.family === raw.family && isSecretParameter(model, raw.parameter))
}
