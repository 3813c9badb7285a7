import request from 'supertest'
import type { Express, RequestHandler } from 'express'
import { createAdminApp } from '../../src/admin/edge/app.js'
import { createIdempotency } from '../../src/admin/edge/idempotency.js'
import type { AdminParts } from '../../src/admin/parts.js'
import { ROUTES } from '../../src/admin/routes.js'
import type { Binding, Id } from '../../src/domain/entities.js'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { inWriteTransaction, readAudit, recordChanges } from '../../src/database/edge/write.js'
import { createKnexDeviceStore } from '../../src/devices/edge/knex-store.js'
import { KnexBanStore } from '../../src/limits/edge/knex-ban-store.js'
import { NO_NETWORKS, parseNetworks } from '../../src/network/trust.js'
import { SILENT_LOG, type Log } from '../../src/observe/log.js'
import { createConfigFiles } from '../../src/provisioning/config-files.js'
import { EffectJobs } from '../../src/provisioning/effect-jobs.js'
import { KeptFiles } from '../../src/provisioning/edge/kept-files.js'
import { readLastServed } from '../../src/provisioning/edge/last-served.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { WaitingChanges } from '../../src/provisioning/waiting-changes.js'
import { readEvents, readStrangers } from '../../src/provisioning/edge/event-reads.js'
import { RegisterHistory } from '../../src/registrar/history.js'
import { createBindingAdmin } from '../../src/registrar/use-cases.js'
import { LastFailures } from '../../src/observe/last-failures.js'
import { READERS } from '../../src/readers/index.js'
import { KnexResyncStore } from '../../src/resync/edge/knex-store.js'
import { createResyncAdmin } from '../../src/resync/use-cases.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { createKnexScheduleStore } from '../../src/settings/edge/knex-schedule-store.js'
import { createScheduleAdmin } from '../../src/settings/schedule.js'
import { createKnexSiteStore } from '../../src/sites/edge/knex-store.js'
import { createSiteUseCases, isSecretSetting, openImportDesk } from '../../src/site-use-cases.js'
import { createSiteAdmin } from '../../src/sites/use-cases.js'
import { startSnapshotFeed } from '../../src/snapshot/edge/snapshot-feed.js'
import { openHappenings } from '../../src/webhooks/edge/open.js'
import { BY_TEST, createAccounts, type Accounts } from './accounts.js'
import { freshSqlite, type FreshDatabase } from './databases.js'
import { loadPhones } from './phone-catalog.js'
import { openMailing } from '../../src/mail/edge/open.js'
import { createOwnAccess } from '../../src/self-service/access.js'
import { createKnexOwnAccessStore } from '../../src/self-service/edge/knex-store.js'
import { openSoftphones } from '../../src/softphones/edge/open.js'
import { qrPng, qrSvg } from '../../src/softphones/edge/qr.js'
import { seededRandom } from './seeded-random.js'

export const PASSWORD = 'Correct horse 9'

/** The admin program over a database of its own, without a port. */
export interface AdminBench extends Accounts {
  app: Express
  parts: AdminParts
  fresh: FreshDatabase
  /** Who is registered, as far as the program knows. */
  bindings: Binding[]
  /** What registrations went through. */
  history: RegisterHistory
  keptFiles: KeptFiles
  /** What phones would be given, by digest. */
  servedBytes: Map<string, Uint8Array>
  /** A token of a new admin with this role. */
  tokenFor(role: string, siteId?: Id): Promise<string>
  /** A request as that admin. */
  as(token: string): AdminClient
  remove(): Promise<void>
}

/** Sends requests with a token. */
export interface AdminClient {
  get(path: string): request.Test
  post(path: string, body?: object): request.Test
  put(path: string, body?: object): request.Test
  patch(path: string, body?: object): request.Test
  delete(path: string): request.Test
}

let names = 0

export async function adminBench(
  options: { log?: Log; proxied?: boolean; pages?: (parts: AdminParts) => RequestHandler } = {},
): Promise<AdminBench> {
  const fresh = await freshSqlite()
  const { databases } = fresh
  const accounts = createAccounts(databases)
  const { clock } = accounts
  const random = seededRandom(99)
  const secrets = createSecretBox(createKeyRing([{ id: 'test', key: seededRandom(7).bytes(32) }]), random)
  const phones = loadPhones()
  const feed = await startSnapshotFeed({ databases, clock, log: SILENT_LOG })
  const bindings: Binding[] = []
  const viewSources = {
    snapshot: feed.snapshot,
    vocabulary: phones.vocabulary,
    zones: phones.zones,
    open: secrets.open.bind(secrets),
  }
  const render = createRenderer(phones.catalog, READERS)
  const serverAddress = (host = '192.0.2.1') => ({
    host,
    httpPort: 80,
    httpsPort: 443,
    tftpPort: 69,
    sipPort: 5060,
    sipsPort: 5061,
  })
  const sources = { catalog: phones.catalog, render, viewSources, serverAddress }
  const configs = createConfigFiles({ sources: viewSources, render, cache: new Map(), clock, log: SILENT_LOG })
  const happenings = openHappenings({
    ...{ databases, clock, log: SILENT_LOG, snapshot: feed.snapshot, secrets },
    isSecretSetting: (key) => isSecretSetting(phones, key),
    siteName: (id) => feed.snapshot.site(id)?.slug,
    refresh: () => feed.refresh(),
    mayCall: () => true,
  })
  const servedBytes = new Map<string, Uint8Array>()
  const keptFiles = new KeptFiles({
    ...{ db: databases.events, secrets, clock, spareTime: clock, log: SILENT_LOG },
    bytesOf: (_device, _path, sha256) => servedBytes.get(sha256),
  })
  const history = new RegisterHistory()
  const tlsFailures = new LastFailures()
  const softphones = openSoftphones({
    ...{ databases, secrets, defaultSiteId: feed.snapshot.defaultSite().id },
    config: { softphones: 'http-trusted', published: [], bind: 'all', host: 'pbx.example.com' },
    sites: () => Promise.resolve([...feed.snapshot.allSites()]),
    ports: { sip: 5060, http: 8080, https: 8443 },
  })
  const mailing = openMailing({
    ...{ databases, softphones },
    config: { mailLanguage: 'en', selfService: 'off', softphones: 'http-trusted' },
    ownAccess: createOwnAccess({ store: createKnexOwnAccessStore(databases.main), clock, random }),
    sites: () => Promise.resolve([...feed.snapshot.allSites()]),
  })
  const parts: AdminParts = {
    qr: { svg: qrSvg, png: qrPng },
    forSite: createSiteUseCases({
      ...{ databases, secrets, clock, random, log: SILENT_LOG, softphones, mailing },
      deviceStore: createKnexDeviceStore(databases.main),
      phones: () => ({ ...phones, render }),
      templateRoots: () => [shippedTemplates()],
      welcomeMail: false,
      importDesk: openImportDesk({ databases, clock, random, log: SILENT_LOG }),
    }),
    sites: createSiteAdmin({ store: createKnexSiteStore(databases.main), clock, random }),
    accounts: accounts.accounts,
    roles: accounts.roles,
    accountStore: accounts.store,
    signIn: accounts.signIn,
    snapshot: feed.snapshot,
    refresh: () => feed.refresh(),
    ...sources,
    effects: new EffectJobs({
      ...{ sources, clock, random, turns: () => () => undefined },
      devices: () => feed.snapshot.allDevices(),
    }),
    waiting: new WaitingChanges({
      ...{ catalog: phones.catalog, snapshot: feed.snapshot, configs, turns: () => undefined },
      servers: () => [serverAddress()],
      readServed: (mac) => readLastServed(databases.events, mac),
    }),
    keptFile: (sha256) => keptFiles.find(sha256),
    turns: () => () => undefined,
    registrations: { history: (id) => history.of(id), tlsFailure: (address) => tlsFailures.of(address) },
    bindingAdmin: createBindingAdmin({
      dropBinding: (aor, bindingKey) => {
        const at = bindings.findIndex((one) => one.aor === aor && one.bindingKey === bindingKey)
        return Promise.resolve(at < 0 ? undefined : bindings.splice(at, 1)[0])
      },
      note: (change) => inWriteTransaction(databases.main, (trx) => recordChanges(trx, [change])),
      siteOf: (extensionId) => feed.snapshot.extension(extensionId)?.siteId,
      clock,
    }),
    schedule: createScheduleAdmin({
      ...{ store: createKnexScheduleStore(databases.main), secrets, clock, random, isSecret: () => false },
    }),
    isSecretSetting: (key) => isSecretSetting(phones, key),
    lastSeen: () => undefined,
    resync: createResyncAdmin({ store: new KnexResyncStore(databases.events), clock, random }),
    bindings: () => bindings,
    happenings,
    events: (query) => readEvents(databases.events, query),
    bans: new KnexBanStore(databases.live),
    strangers: (limit) => readStrangers(databases.events, { limit }),
    audit: (query) => readAudit(databases.main, query),
    clock,
  }
  const app = createAdminApp({
    routes: ROUTES,
    parts,
    pages: options.pages?.(parts),
    idempotency: createIdempotency(databases.main, secrets, clock),
    trustedProxies: options.proxied ? parseNetworks('127.0.0.1,::1', 'test') : NO_NETWORKS,
    random,
    log: options.log ?? SILENT_LOG,
    metrics: {
      outcomes: () => new Map([['served', 3]]),
      devices: () => feed.snapshot.counts().devices,
      extensions: () => feed.snapshot.counts().extensions,
      registrations: () => bindings.length,
    },
  })
  const as = (token: string): AdminClient => {
    const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object): request.Test => {
      const sent = request(app)[method](`/api/v1${path}`).set('Authorization', `Bearer ${token}`)
      return body === undefined ? sent : sent.send(body)
    }
    return {
      get: (path) => send('get', path),
      post: (path, body) => send('post', path, body),
      put: (path, body) => send('put', path, body),
      patch: (path, body) => send('patch', path, body),
      delete: (path) => send('delete', path),
    }
  }
  return {
    ...accounts,
    app,
    parts,
    fresh,
    bindings,
    history,
    keptFiles,
    servedBytes,
    as,
    tokenFor: async (role, siteId = ALL_SITES) => {
      const name = `${role}-${names++}`
      const { id } = await accounts.accounts.create(BY_TEST, { name, password: PASSWORD, grants: [{ siteId, role }] })
      return (await accounts.accounts.createToken(BY_TEST, id, { label: 'test' })).token.reveal()
    },
    remove: async () => {
      await happenings.stop()
      await feed.stop()
      await fresh.remove()
    },
  }
}
