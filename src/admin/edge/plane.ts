import type { RequestHandler } from 'express'
import type { RequestListener } from 'node:http'
import { createAttempts } from '../../accounts/edge/attempts.js'
import { systemTotp } from '../../accounts/edge/totp.js'
import { createSignIn } from '../../accounts/sign-in.js'
import type { AccountStore } from '../../accounts/store.js'
import type { PasswordHasher } from '../../accounts/use-cases.js'
import type { Databases } from '../../database/edge/connect.js'
import { inWriteTransaction, readAudit, recordChanges } from '../../database/edge/write.js'
import type { Random } from '../../domain/random.js'
import { takeTurns, type Turns } from '../../domain/turns.js'
import { KnexBanStore } from '../../limits/edge/knex-ban-store.js'
import type { Networks } from '../../network/trust.js'
import type { Log } from '../../observe/log.js'
import { EffectJobs } from '../../provisioning/effect-jobs.js'
import { readEvents, readStrangers } from '../../provisioning/edge/event-reads.js'
import { createBindingAdmin, type BindingAdminOptions } from '../../registrar/use-cases.js'
import { openResync } from '../../resync/edge/open.js'
import type { SecretBox } from '../../secrets/seal.js'
import { qrPng, qrSvg } from '../../softphones/edge/qr.js'
import { createKnexScheduleStore } from '../../settings/edge/knex-schedule-store.js'
import { createScheduleAdmin } from '../../settings/schedule.js'
import type { AdminParts } from '../parts.js'
import { ROUTES } from '../routes.js'
import { createAdminApp } from './app.js'
import { createIdempotency } from './idempotency.js'

/** Made here from the rest. */
type Made =
  | ('signIn' | 'events' | 'bans' | 'strangers' | 'audit' | 'accountStore')
  | ('resync' | 'bindingAdmin' | 'effects' | 'schedule' | 'turns' | 'qr')
type Given = Omit<AdminParts, Made>

export interface AdminPlaneOptions extends Given {
  databases: Databases
  accountStore: AccountStore
  hasher: PasswordHasher
  secrets: SecretBox
  random: Random
  /** See Registrar. */
  dropBinding: BindingAdminOptions['dropBinding']
  trustedProxies: Networks
  /** Provisioning requests since the start, by outcome. */
  outcomes(): ReadonlyMap<string, number>
  /** Pages for people over the same parts. */
  pages?(parts: AdminParts): RequestHandler
  log: Log
}

/** Phones are answered by the same thread: work that admins ask for goes on for so long at once. */
const SLICE_MS = 5

/** The program behind the admin listener, put together from what the server has anyway. */
export function createAdminPlane(options: AdminPlaneOptions): RequestListener {
  const { databases, accountStore, hasher, secrets, clock, random, trustedProxies, log, snapshot } = options
  const turns = (): Turns => takeTurns(clock, () => new Promise((resolve) => setImmediate(resolve)), SLICE_MS)
  const parts: AdminParts = {
    ...options,
    signIn: createSignIn({
      store: accountStore,
      hasher,
      totp: systemTotp,
      attempts: createAttempts(),
      secrets,
      clock,
      random,
    }),
    resync: openResync(databases),
    bindingAdmin: createBindingAdmin({
      dropBinding: (aor, bindingKey) => options.dropBinding(aor, bindingKey),
      note: (change) => inWriteTransaction(databases.main, (trx) => recordChanges(trx, [change])),
      siteOf: (extensionId) => snapshot.extension(extensionId)?.siteId,
      clock,
    }),
    qr: { svg: qrSvg, png: qrPng },
    effects: new EffectJobs({
      sources: options,
      devices: () => snapshot.allDevices(),
      ...{ turns, clock, random },
    }),
    turns,
    schedule: createScheduleAdmin({
      store: createKnexScheduleStore(databases.main),
      isSecret: (key) => options.isSecretSetting(key),
      ...{ secrets, clock, random },
    }),
    events: (query) => readEvents(databases.events, query),
    bans: new KnexBanStore(databases.live),
    strangers: (limit) => readStrangers(databases.events, { limit }),
    audit: (query) => readAudit(databases.main, query),
  }
  return createAdminApp({
    routes: ROUTES,
    parts,
    idempotency: createIdempotency(databases.main, secrets, clock),
    trustedProxies,
    random,
    log,
    pages: options.pages?.(parts),
    metrics: {
      outcomes: () => options.outcomes(),
      devices: () => snapshot.counts().devices,
      extensions: () => snapshot.counts().extensions,
      registrations: () => options.bindings().length,
    },
  })
}
