import { LRUCache } from 'lru-cache'
import type { PhoneModel } from '../../catalog/manifest.js'
import type { Clock } from '../../domain/clock.js'
import { randomText, type Random } from '../../domain/random.js'
import type { BanStore } from '../../limits/store.js'
import { ServerLimits } from '../../limits/edge/server-limits.js'
import { NO_NETWORKS } from '../../network/trust.js'
import type { Endpoint } from '../../network/udp.js'
import { SILENT_LOG } from '../../observe/log.js'
import { createConfigFiles, entryBytes } from '../../provisioning/config-files.js'
import { startPhoneHttpServer } from '../../provisioning/edge/http-server.js'
import { createPhoneHttp } from '../../provisioning/edge/http.js'
import { StoredFileStore } from '../../provisioning/edge/stored-files.js'
import { startPhoneTftpServer } from '../../provisioning/edge/tftp.js'
import { createProvisioning, type PipelineParts } from '../../provisioning/pipeline.js'
import type { Renderer } from '../../provisioning/render.js'
import type { ViewSources } from '../../provisioning/view.js'
import { Registrar } from '../../registrar/edge/registrar.js'
import { SnapshotAccounts } from '../../registrar/edge/snapshot-accounts.js'
import { changesEntry } from '../../registrar/journal.js'
import type { BindingStore } from '../../registrar/store.js'
import { createByteBox, createKeyRing, createMarker, createSecretBox, KEY_BYTES } from '../../secrets/seal.js'
import { openSipListeners } from '../../sip/edge/listen.js'
import type { Booted, Stage, Turn } from '../rehearsal.js'
import { getByHttp, getByTftp, register } from './made-up-phone.js'
import { madeUpOffice, type MadeUpPhone } from './office.js'

/** Nobody else's machine reaches it. */
const ADDRESS = '127.0.0.1'
/** Phones of each model. */
const PHONES_PER_MODEL = 2
/** Holds a few files, so that most are opened from where they are kept, as in a power cut. */
const CACHE_BYTES = 64 * 1024
/** Every third phone uses TFTP. */
const TFTP_EVERY = 3
const ID_LENGTH = 16
const NONCE_SECONDS = 300

export interface StageOptions {
  readonly catalog: PipelineParts['catalog']
  readonly models: readonly PhoneModel[]
  readonly vocabulary: ViewSources['vocabulary']
  readonly zones: ViewSources['zones']
  readonly render: Renderer
  readonly clock: Clock
  readonly steadyClock: Clock
  readonly random: Random
}

/** Texts are made, as for the disk. */
const NOWHERE: BindingStore = {
  load: () => Promise.resolve([]),
  commit: (changes) => {
    changesEntry(changes)
    return Promise.resolve()
  },
  removeExpired: () => Promise.resolve(),
}
const NO_BANS: BanStore = {
  load: () => Promise.resolve([]),
  save: () => Promise.resolve(),
  lifted: () => Promise.resolve([]),
  prune: () => Promise.resolve(),
}

/**
 * Another server beside the real one, for an office that is made up: the same listeners, pipeline and registrar, so that V8
 * knows them afterwards, on ports of the loopback interface, with people, keys, limits and stores of its own. Nothing of
 * it is written anywhere or reaches the real one. Parts are named in the order of the real one's (src/server): V8 takes another
 * order for another kind of object.
 */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { catalog, models, clock, random } = options
  const keyRing = createKeyRing([{ id: 'rehearsal', key: random.bytes(KEY_BYTES) }])
  const secrets = createSecretBox(keyRing, random)
  const open = secrets.open.bind(secrets)
  const cast = Array.from({ length: PHONES_PER_MODEL }, () => models).flat()
  const { snapshot, phones } = madeUpOffice(catalog, cast, secrets, random)
  const accounts = new SnapshotAccounts(() => snapshot, open, createMarker(keyRing), SILENT_LOG)
  const store = await StoredFileStore.open({
    box: createByteBox(keyRing, random),
    program: 'rehearsal',
    log: SILENT_LOG,
  })
  const limits = await ServerLimits.open({
    ...{ clock, log: SILENT_LOG, store: NO_BANS, config: { maxRefusals: Infinity, banMinutes: 1 } },
    ...{ isExempt: () => false, isProxy: () => false, phonesSeenAt: () => 0 },
  })
  const closers: Closers = [() => limits.stop()]
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).reverse()) await step().catch(() => undefined)
  }
  try {
    const sip = await openSip(options, accounts, limits, closers)
    const files = await openFiles(
      options,
      { snapshot, vocabulary: options.vocabulary, zones: options.zones, open },
      store,
      limits,
      sip,
      closers,
    )
    let boots = 0
    const boot = async (turn: Turn): Promise<Booted> => {
      const phone = phones[boots % phones.length]
      boots += 1
      if (!phone) return { files: 0, isRegistered: false }
      const way = { ...files, sip, isByTftp: boots % TFTP_EVERY === 0, id: randomText(random, ID_LENGTH) }
      const booted = await bootPhone(phone, way, turn)
      while (store.storeNext()) await turn()
      return booted
    }
    return { boot, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Closers = (() => Promise<unknown>)[]

/** @returns the port of SIP */
async function openSip(
  { clock, steadyClock, random }: StageOptions,
  accounts: SnapshotAccounts,
  limits: ServerLimits,
  closers: Closers,
): Promise<number> {
  const registrar = new Registrar({
    clock,
    steadyClock,
    random,
    log: SILENT_LOG,
    store: NOWHERE,
    accounts,
    sites: accounts,
    ownHosts: () => [],
    nonceSeconds: NONCE_SECONDS,
    onChange: ({ binding }) => limits.vouch(binding),
    onRefused: () => undefined,
    onWatch: () => undefined,
    guard: limits.sip,
  })
  closers.push(() => registrar.stop())
  await registrar.start()
  const listeners = await openSipListeners({
    ...{ port: 0, bind: [ADDRESS], clock, log: SILENT_LOG },
    onMessage: (parsed, flow) => {
      if (limits.sip.hears(parsed, flow)) registrar.handle(parsed, flow)
    },
    refuses: limits.sip.refuses,
  })
  closers.push(() => listeners.close())
  return listeners.port
}

/** @returns the ports of HTTP and TFTP */
async function openFiles(
  { catalog, render, clock }: StageOptions,
  viewSources: ViewSources,
  stored: StoredFileStore,
  limits: ServerLimits,
  sip: number,
  closers: Closers,
): Promise<{ http: number; tftp: number }> {
  const told = { host: ADDRESS, httpPort: 0, httpsPort: 0, tftpPort: 0, sipPort: sip, sipsPort: 0 }
  const cache = new LRUCache({ maxSize: CACHE_BYTES, sizeCalculation: entryBytes })
  const provisioning = createProvisioning({
    snapshot: viewSources.snapshot,
    catalog,
    configs: createConfigFiles({ sources: viewSources, render, cache, clock, log: SILENT_LOG, stored }),
    phonebooks: { of: () => undefined },
    firmware: { find: () => undefined },
    reported: () => undefined,
    isTrusted: () => true,
    serverAddress: () => told,
    caCertificate: () => undefined,
    record: (event) => limits.heed(event),
  })
  const listens = { provisioning, bind: [ADDRESS], clock, log: SILENT_LOG }
  const tftp = await startPhoneTftpServer({
    ...{ ...listens, port: 0, mayAnswer: limits.mayAnswerTftp },
    isUnlimited: () => true,
  })
  closers.push(() => tftp.stop())
  const handler = createPhoneHttp({
    provisioning,
    trustedProxies: NO_NETWORKS,
    guard: limits.http,
    clock,
    log: SILENT_LOG,
  })
  const http = await startPhoneHttpServer({ ...listens, handler, guard: limits.http, httpPort: 0 })
  closers.push(() => http.stop())
  return { http: http.httpPort, tftp: tftp.port }
}

interface Way {
  http: number
  tftp: number
  sip: number
  isByTftp: boolean
  id: string
}

/** As a phone does: its files, then its account. */
async function bootPhone(phone: MadeUpPhone, { http, tftp, sip, isByTftp, id }: Way, turn: Turn): Promise<Booted> {
  const at = (port: number): Endpoint => ({ address: ADDRESS, port })
  const not = (): boolean => false
  let files = 0
  for (const file of phone.files) {
    if (!(await turn())) return { files, isRegistered: false }
    const given = isByTftp ? getByTftp(at(tftp), file) : getByHttp(at(http), file, phone.httpUserAgent)
    if (await given.catch(not)) files += 1
  }
  const isRegistered = (await turn()) && (await register(at(sip), phone.account, id).catch(not))
  return { files, isRegistered }
}
