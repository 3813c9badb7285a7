import type { Catalog } from '../../catalog/catalog.js'
import type { Databases } from '../../database/edge/connect.js'
import type { Clock } from '../../domain/clock.js'
import type { Binding, Id } from '../../domain/entities.js'
import type { Random } from '../../domain/random.js'
import type { Secret } from '../../domain/secret.js'
import { parseEndpoint } from '../../network/address.js'
import { localAddressTowards } from '../../network/edge/route.js'
import type { Log } from '../../observe/log.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'
import type { SipListeners } from '../../sip/edge/listen.js'
import type { Flow } from '../../sip/flow.js'
import type { Parsed } from '../../sip/parse.js'
import { ClientTransactions } from '../../sip/transaction/client-table.js'
import type { Snapshot } from '../../snapshot/snapshot.js'
import { sendNotify } from '../sender.js'
import { ResyncDispatcher } from './dispatcher.js'
import { KnexResyncStore } from './knex-store.js'

export interface ServerResyncOptions {
  readonly databases: Pick<Databases, 'events'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly snapshot: Pick<Snapshot, 'device' | 'deviceByLine'>
  readonly catalog: Pick<Catalog, 'model'>
  readonly secrets: Pick<SecretBox, 'open'>
  /** Takes in what was changed so far. */
  refresh(): Promise<void>
  /** Who is registered now. */
  bindings(): readonly Binding[]
  /** What came of a wish is written down. */
  readonly onFinished?: (deviceId: Id) => void
  readonly keepDays?: number
}

/** Tells phones of the running server to look for a new config, or to restart. */
export interface ServerResync {
  /** Takes what a transport has read; only answers to what was sent from here matter. */
  receive(parsed: Parsed): void
  /** Begins, once there is a way to phones. */
  start(listeners: Pick<SipListeners, 'flowTo'>): void
  /** Call it before the listeners are closed. */
  stop(): Promise<void>
}

export function createServerResync(options: ServerResyncOptions): ServerResync {
  const { databases, clock, random, log, snapshot, catalog, keepDays } = options
  const transactions = new ClientTransactions(clock)
  let listeners: Pick<SipListeners, 'flowTo'> | undefined
  const flowTo = (binding: Binding): Promise<Flow | undefined> => wayBack(listeners, binding)
  const credentialsOf = (lineId: Id): ReturnType<typeof accountOf> => accountOf(options, lineId)
  const dispatcher = new ResyncDispatcher({
    ...{ store: new KnexResyncStore(databases.events), clock, log, snapshot, catalog, keepDays },
    refresh: () => options.refresh(),
    bindings: () => options.bindings(),
    onFinished: options.onFinished,
    send: (binding, event) => sendNotify({ random, transactions, flowTo, credentialsOf }, binding, event),
  })
  return {
    receive: (parsed) => {
      if (parsed.kind === 'response') transactions.receive(parsed)
    },
    start: (opened) => {
      listeners = opened
      dispatcher.start()
    },
    stop: async () => {
      await dispatcher.stop()
      transactions.close()
    },
  }
}

/** The address the phone reached is known since the start; before that, UDP goes as the system would send it. */
async function wayBack(
  listeners: Pick<SipListeners, 'flowTo'> | undefined,
  { received, transport, local }: Binding,
): Promise<Flow | undefined> {
  const remote = parseEndpoint(received)
  if (!listeners || !remote) return undefined
  const own = local === undefined ? undefined : listeners.flowTo(transport, remote, local)
  if (own || transport !== 'udp') return own
  const towards = await localAddressTowards(remote)
  return towards === undefined ? undefined : listeners.flowTo('udp', remote, towards)
}

function accountOf(
  { snapshot, secrets, log }: ServerResyncOptions,
  lineId: Id,
): { username: string; password: Secret } | undefined {
  const line = snapshot.deviceByLine(lineId)?.lines.find(({ id }) => id === lineId)
  if (!line) return undefined
  try {
    // A phone that has not fetched its new password knows the one before.
    const password = secrets.open(line.former?.sealed ?? line.sealedPassword, SEAL_CONTEXTS.linePassword(line.id))
    return { username: line.authUsername, password }
  } catch (error) {
    log.error({ err: error }, 'a SIP password cannot be opened')
    return undefined
  }
}
