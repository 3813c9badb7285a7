import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createKnexAccountStore } from './accounts/edge/knex-store.js'
import { createScryptHasher } from './accounts/edge/scrypt.js'
import { createRoleAdmin, type RoleAdmin } from './accounts/role-use-cases.js'
import type { AccountStore } from './accounts/store.js'
import { createAccountAdmin, type AccountAdmin, type PasswordHasher } from './accounts/use-cases.js'
import type { ImportDesk } from './bulk/desk.js'
import type { BulkUseCases } from './bulk/use-cases.js'
import type { Config } from './config.js'
import { openDatabases, type Databases } from './database/edge/connect.js'
import { migrateDatabases, type MigrationReport } from './database/edge/migrate.js'
import { createKnexDeviceStore } from './devices/edge/knex-store.js'
import type { DeviceStore } from './devices/store.js'
import type { DeviceAdmin } from './devices/use-cases.js'
import { systemClock } from './domain/edge/system-clock.js'
import { systemRandom } from './domain/edge/system-random.js'
import { pooledRandom } from './domain/random.js'
import type { Site } from './domain/entities.js'
import type { ExtensionAdmin } from './extensions/use-cases.js'
import type { GroupAdmin } from './groups/use-cases.js'
import type { Log } from './observe/log.js'
import { loadPhoneData, templateRoots, type PhoneData } from './phone-data.js'
import { KEY_FILE_NAME, loadOrCreateKeyRing } from './secrets/edge/key-file.js'
import { sealedRowsExist } from './secrets/edge/sealed-rows.js'
import { createByteBox, createMarker, createSecretBox, type ByteBox, type SecretBox } from './secrets/seal.js'
import type { SettingsAdmin } from './settings/use-cases.js'
import { openSoftphones, type Softphones } from './softphones/edge/open.js'
import { createKnexSiteStore } from './sites/edge/knex-store.js'
import { openMailing, type Mailing } from './mail/edge/open.js'
import type { MoveInAdmin } from './move-in/use-cases.js'
import type { MailAdmin } from './mail/use-cases.js'
import { createOwnAccess, type OwnAccess } from './self-service/access.js'
import { createKnexOwnAccessStore } from './self-service/edge/knex-store.js'
import type { SoftphoneAdmin } from './softphones/use-cases.js'
import { createSiteUseCases, openImportDesk, type ForSite, type RunningSide } from './site-use-cases.js'
import { createSiteAdmin, type SiteAdmin } from './sites/use-cases.js'
import type { WebhookAdmin } from './webhooks/use-cases.js'

/** What lies on disk, opened: database, keys and phones, with the use cases over them. For server and CLI alike. */
export interface Installation extends PhoneData {
  config: Config
  log: Log
  databases: Databases
  secrets: SecretBox
  /** See createMarker. */
  mark: (text: string) => string
  /** Seals what is kept beside the database. */
  byteBox: ByteBox
  site: Site
  sites: SiteAdmin
  bulk: BulkUseCases
  /** Files that lie open here, of all sites. */
  importDesk: ImportDesk
  moveIns: MoveInAdmin
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
  migration: MigrationReport
  /** The use cases of another site; with `seen` they change nothing else than what was seen. */
  forSite: ForSite
  /** From now on a server runs over it. */
  serve(side: RunningSide): void
  close(): Promise<void>
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
    const secrets = createSecretBox(keyRing, pooledRandom(systemRandom))
    const site = await siteStore.defaultSite()
    const deviceStore = createKnexDeviceStore(databases.main)
    const accountStore = createKnexAccountStore(databases.main)
    const hasher = createScryptHasher()
    const people = { store: accountStore, hasher, clock: systemClock, random: systemRandom }
    const allSoftphones = openSoftphones({
      ...{ databases, secrets, config, defaultSiteId: site.id },
      sites: () => siteStore.list(),
      ports: { sip: config.sipPort, http: config.httpPort, https: config.httpsPort, sips: config.sipsPort },
    })
    const ownAccess = createOwnAccess({
      store: createKnexOwnAccessStore(databases.main),
      clock: systemClock,
      random: systemRandom,
    })
    const mailing = openMailing({
      ...{ databases, config, ownAccess, softphones: allSoftphones },
      sites: () => siteStore.list(),
    })
    let running: RunningSide | undefined
    const server = (): RunningSide | undefined => running
    const importDesk = openImportDesk({ databases, clock: systemClock, random: systemRandom, log, server })
    const forSite = createSiteUseCases({
      ...{ databases, deviceStore, secrets, clock: systemClock, random: systemRandom, log, phones, importDesk, server },
      templateRoots: () => templateRoots(config),
      softphones: allSoftphones,
      mailing,
      welcomeMail: config.welcomeMail,
    })
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
      mark: createMarker(keyRing),
      byteBox: createByteBox(keyRing, systemRandom),
      site,
      sites: createSiteAdmin({ store: siteStore, clock: systemClock, random: systemRandom }),
      accountStore,
      hasher,
      accounts: createAccountAdmin(people),
      roles: createRoleAdmin(people),
      allSoftphones,
      mailing,
      ownAccess,
      migration,
      deviceStore,
      importDesk,
      ...forSite(site.id),
      forSite,
      serve: (side) => {
        running = side
      },
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
