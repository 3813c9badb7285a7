import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSecretParameter, rawParameterProblem, type Catalog } from './catalog/catalog.js'
import { checkDeviceKeys } from './catalog/key-bank.js'
import type { SiteUseCases } from './admin/parts.js'
import { createKnexAccountStore } from './accounts/edge/knex-store.js'
import { createScryptHasher } from './accounts/edge/scrypt.js'
import { createRoleAdmin, type RoleAdmin } from './accounts/role-use-cases.js'
import type { AccountStore } from './accounts/store.js'
import { createAccountAdmin, type AccountAdmin, type PasswordHasher } from './accounts/use-cases.js'
import { createKnexApplyBulk } from './bulk/edge/knex-apply.js'
import { ImportDesk } from './bulk/desk.js'
import { createKnexImportStore } from './bulk/edge/knex-import-store.js'
import { loadProfiles } from './bulk/edge/load-profiles.js'
import { createPace } from './bulk/edge/pace.js'
import { createModelFinder } from './bulk/model-names.js'
import { createBulkUseCases, SERVER_RUNNER, type BulkParts, type BulkUseCases, type Stored } from './bulk/use-cases.js'
import type { Config } from './config.js'
import { openDatabases, type Databases } from './database/edge/connect.js'
import { migrateDatabases, type MigrationReport } from './database/edge/migrate.js'
import type { ModelLookup } from './devices/draft.js'
import { createKnexDeviceStore } from './devices/edge/knex-store.js'
import type { DeviceStore } from './devices/store.js'
import { createDeviceAdmin, type DeviceAdmin } from './devices/use-cases.js'
import { systemClock } from './domain/edge/system-clock.js'
import { systemRandom } from './domain/edge/system-random.js'
import type { Id, Layer, Site } from './domain/entities.js'
import { AppError } from './domain/errors.js'
import { newId } from './domain/random.js'
import type { Seen } from './domain/revision.js'
import { createKnexExtensionStore } from './extensions/edge/knex-store.js'
import { policyOf, type ExtensionPolicy } from './extensions/policy.js'
import { createExtensionAdmin, type ExtensionAdmin } from './extensions/use-cases.js'
import { createKnexGroupStore } from './groups/edge/knex-store.js'
import { createGroupAdmin, type GroupAdmin } from './groups/use-cases.js'
import type { Log } from './observe/log.js'
import { loadPhoneData, templateRoots, type PhoneData } from './phone-data.js'
import { KEY_FILE_NAME, loadOrCreateKeyRing } from './secrets/edge/key-file.js'
import { sealedRowsExist } from './secrets/edge/sealed-rows.js'
import { createByteBox, createSecretBox, type ByteBox, type SecretBox } from './secrets/seal.js'
import { createKnexSettingsStore } from './settings/edge/knex-store.js'
import type { SettingsStore } from './settings/store.js'
import { createSettingsAdmin, type SettingsAdmin } from './settings/use-cases.js'
import { checkSetting, parseRawKey } from './settings/vocabulary.js'
import { loadSnapshot } from './snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from './snapshot/memory-snapshot.js'
import { openSoftphones, type Softphones } from './softphones/edge/open.js'
import { createKnexSiteStore } from './sites/edge/knex-store.js'
import { openMailing, type Mailing } from './mail/edge/open.js'
import { withWelcome } from './mail/welcome.js'
import type { MailAdmin } from './mail/use-cases.js'
import { createOwnAccess, type OwnAccess } from './self-service/access.js'
import { createKnexOwnAccessStore } from './self-service/edge/knex-store.js'
import type { SoftphoneAdmin } from './softphones/use-cases.js'
import { createSiteAdmin, type SiteAdmin } from './sites/use-cases.js'
import { KnexDeliveryStore } from './webhooks/edge/knex-deliveries.js'
import { KnexWebhookStore } from './webhooks/edge/knex-store.js'
import { createWebhookAdmin, type WebhookAdmin } from './webhooks/use-cases.js'

/** What lies on disk, opened: database, keys and phones, with the use cases over them. For server and CLI alike. */
export interface Installation extends PhoneData {
  config: Config
  log: Log
  databases: Databases
  secrets: SecretBox
  /** Seals what is kept beside the database. */
  byteBox: ByteBox
  site: Site
  sites: SiteAdmin
  bulk: BulkUseCases
  accountStore: AccountStore
  hasher: PasswordHasher
  accounts: AccountAdmin
  roles: RoleAdmin
  extensions: ExtensionAdmin
  devices: DeviceAdmin
  groups: GroupAdmin
  deviceStore: DeviceStore
  settings: SettingsAdmin
  webhooks: WebhookAdmin
  softphones: SoftphoneAdmin
  /** Softphones of all sites. */
  allSoftphones: Softphones
  mails: MailAdmin
  /** Mails of all sites. */
  mailing: Mailing
  /** How people come to their own page. */
  ownAccess: OwnAccess
  models: ModelLookup
  migration: MigrationReport
  /** The use cases of another site; with `seen` they change nothing else than what was seen. */
  forSite(siteId: Id, seen?: Seen): SiteUseCases
  close(): Promise<void>
}

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
export function isSecretSetting(
  { catalog, vocabulary }: Pick<PhoneData, 'catalog' | 'vocabulary'>,
  key: string,
): boolean {
  const raw = parseRawKey(key)
  if (!raw) return vocabulary.get(key)?.type === 'secret'
  return catalog.models().some((model) => model.family === raw.family && isSecretParameter(model, raw.parameter))
}

async function valuesOf(store: SettingsStore, layer: Layer, owner: string): Promise<ReadonlyMap<string, unknown>> {
  return new Map((await store.values(layer, owner)).map(({ key, value }) => [key, value]))
}

/** Profiles of files and names of models, read when somebody imports or exports. */
function importKnowledgeAtNeed(config: Config, phones: () => PhoneData): BulkParts['knowledge'] {
  let known: ReturnType<BulkParts['knowledge']> | undefined
  return () => {
    const { catalog, vocabulary } = phones()
    known ??= {
      vocabulary,
      profiles: loadProfiles(templateRoots(config)),
      findModel: createModelFinder(catalog.models()),
      isSecret: (key) => isSecretSetting({ catalog, vocabulary }, key),
    }
    return known
  }
}

/** Reads the phone data when first asked for: most commands do without, and reading it takes longer than they do. */
function phoneDataAtNeed(config: Pick<Config, 'templatesDir'>): () => PhoneData {
  let loaded: PhoneData | undefined
  return () => (loaded ??= loadPhoneData(config))
}

/**
 * Opens everything an installation keeps, bringing the database up to date first.
 * Throws DATA_DIR_UNUSABLE, DATABASE_*, KEY_FILE_UNUSABLE. Phone data is read when first used; that throws
 * TEMPLATES_INVALID.
 */
export async function openInstallation(config: Config, log: Log): Promise<Installation> {
  const phones = phoneDataAtNeed(config)
  const databases = await openDatabases({ url: config.databaseUrl, dataDir: config.dataDir, log })
  try {
    const migration = await migrateDatabases(databases, log)
    const siteStore = createKnexSiteStore(databases.main)
    const keyRing = await loadOrCreateKeyRing({
      path: join(config.dataDir, KEY_FILE_NAME),
      random: systemRandom,
      sealedRowsExist: () => sealedRowsExist(databases.main),
    })
    const secrets = createSecretBox(keyRing, systemRandom)
    const site = await siteStore.defaultSite()
    const parts = { secrets, clock: systemClock, random: systemRandom }
    const models = modelLookup(() => phones().catalog)
    const deviceStore = createKnexDeviceStore(databases.main)
    const accountStore = createKnexAccountStore(databases.main)
    const hasher = createScryptHasher()
    const people = { store: accountStore, hasher, clock: systemClock, random: systemRandom }
    const stores = {
      extensions: createKnexExtensionStore(databases.main),
      groups: createKnexGroupStore(databases.main),
      settings: createKnexSettingsStore(databases.main),
    }
    const apply = createKnexApplyBulk(databases.main)
    const load = async () => {
      const { content } = await loadSnapshot(databases.main)
      const stored = new MemorySnapshot(content)
      const layer: Stored['layer'] = (name, owner) => stored.layer(name, owner)
      return { extensions: content.extensions.values(), devices: content.devices.values(), layer }
    }
    const desk = new ImportDesk({
      ...parts,
      log,
      store: createKnexImportStore(databases.main),
      runner: `${SERVER_RUNNER}${newId(systemRandom, systemClock.now())}`,
    })
    const importKnowledge = importKnowledgeAtNeed(config, phones)
    const allSoftphones = openSoftphones({
      ...{ databases, secrets, config, defaultSiteId: site.id },
      sites: () => siteStore.list(),
      ports: { sip: config.sipPort, http: config.httpPort, https: config.httpsPort, sips: config.sipsPort },
    })
    const webhookStores = {
      store: new KnexWebhookStore(databases.main),
      deliveries: new KnexDeliveryStore(databases.events),
    }
    const ownAccess = createOwnAccess({
      store: createKnexOwnAccessStore(databases.main),
      clock: systemClock,
      random: systemRandom,
    })
    const mailing = openMailing({
      ...{ databases, config, ownAccess, softphones: allSoftphones },
      sites: () => siteStore.list(),
    })
    const forSite = (siteId: Id, seen?: Seen): SiteUseCases => {
      const inSite = { ...parts, siteId, seen }
      const policy = async (): Promise<ExtensionPolicy> =>
        policyOf([await valuesOf(stores.settings, 'global', ''), await valuesOf(stores.settings, 'site', siteId)])
      const mails = mailing.forSite(siteId)
      const people = createExtensionAdmin({ ...inSite, policy, store: stores.extensions })
      const extensions = config.welcomeMail ? withWelcome(people, mails, log) : people
      return {
        extensions,
        softphones: allSoftphones.forSite(siteId),
        mails,
        devices: createDeviceAdmin({ ...inSite, models, store: deviceStore }),
        groups: createGroupAdmin({ ...inSite, store: stores.groups }),
        webhooks: createWebhookAdmin({ ...inSite, ...webhookStores }),
        settings: createSettingsAdmin({
          ...inSite,
          store: stores.settings,
          checkSetting: (key, layer, value) => {
            requireRawParameter(phones().catalog, key)
            return checkSetting(phones().vocabulary, key, layer, value)
          },
          isSecret: (key) => isSecretSetting(phones(), key),
        }),
        bulk: createBulkUseCases({
          ...inSite,
          models,
          load,
          apply,
          desk,
          pace: createPace,
          knowledge: importKnowledge,
          checkSetting: (key, value) => {
            requireRawParameter(phones().catalog, key)
            return checkSetting(phones().vocabulary, key, 'extension', value)
          },
          password: (actor, number) => extensions.password(actor, number),
        }),
      }
    }
    return {
      get catalog() {
        return phones().catalog
      },
      get vocabulary() {
        return phones().vocabulary
      },
      get zones() {
        return phones().zones
      },
      get render() {
        return phones().render
      },
      get asBuilt() {
        return phones().asBuilt
      },
      get digest() {
        return phones().digest
      },
      config,
      log,
      databases,
      secrets,
      byteBox: createByteBox(keyRing, systemRandom),
      site,
      sites: createSiteAdmin({ store: siteStore, clock: systemClock, random: systemRandom }),
      accountStore,
      hasher,
      accounts: createAccountAdmin(people),
      roles: createRoleAdmin(people),
      models,
      allSoftphones,
      mailing,
      ownAccess,
      migration,
      deviceStore,
      ...forSite(site.id),
      forSite,
      close: () => databases.close(),
    }
  } catch (error) {
    await databases.close()
    throw error
  }
}

/**
 * A command run by root works as the owner of the data folder: files that root made beside the database would be
 * read-only for the service (decision 22). Does nothing for anybody else.
 */
export function becomeOwnerOf(dataDir: string): void {
  if (process.getuid?.() !== 0 || !existsSync(dataDir)) return
  const { uid, gid } = statSync(dataDir)
  if (uid === 0) return
  process.setgroups?.([])
  process.setgid?.(gid)
  process.setuid?.(uid)
}
