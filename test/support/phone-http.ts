import { once } from 'node:events'
import { connect } from 'node:net'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import type { Clock } from '../../src/domain/clock.js'
import { NO_NETWORKS, type Networks } from '../../src/network/trust.js'
import { SILENT_LOG, type Log } from '../../src/observe/log.js'
import type { Delivered, Delivery, Provisioning, ProvisioningRequest } from '../../src/provisioning/delivery.js'
import { createPhoneHttp } from '../../src/provisioning/edge/http.js'
import {
  startPhoneHttpServer,
  type PhoneHttpServer,
  type PhoneHttpServerOptions,
} from '../../src/provisioning/edge/http-server.js'

/** A pipeline that knows nothing but a table of paths, and remembers what it was asked and told. */
export class TablePipeline implements Provisioning {
  readonly asked: ProvisioningRequest[] = []
  readonly finished: Delivered[] = []
  #waiting: { count: number; resolve: () => void }[] = []

  constructor(readonly table: Record<string, Delivery> = {}) {}

  deliver(request: ProvisioningRequest): { delivery: Delivery; finish(delivered: Delivered): void } {
    this.asked.push(request)
    const found = Object.hasOwn(this.table, request.path) ? this.table[request.path] : undefined
    const delivery: Delivery =
      request.operation === 'write' ? { kind: 'upload-refused' } : (found ?? { kind: 'absent' })
    return {
      delivery,
      finish: (delivered) => {
        this.finished.push(delivered)
        for (const { count, resolve } of this.#waiting) if (this.finished.length >= count) resolve()
      },
    }
  }

  /** Resolves when `count` answers were reported in all. */
  async reported(count: number): Promise<readonly Delivered[]> {
    if (this.finished.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    return this.finished
  }
}

export interface Started {
  pipeline: TablePipeline
  server: PhoneHttpServer
  base: string
}

/** A real server on 127.0.0.1 in front of a table of deliveries. */
export async function startWithTable(
  table: Record<string, Delivery>,
  options: {
    proxies?: Networks
    clock?: Clock
    log?: Log
    https?: PhoneHttpServerOptions['https']
    limits?: PhoneHttpServerOptions['limits']
    /** Plain GETs are answered before node:http sees them, as in the program (default), or all by node:http. */
    plain?: boolean
  } = {},
): Promise<Started> {
  const pipeline = new TablePipeline(table)
  const clock = options.clock ?? systemClock
  const log = options.log ?? SILENT_LOG
  const handler = createPhoneHttp({
    provisioning: pipeline,
    trustedProxies: options.proxies ?? NO_NETWORKS,
    clock,
    log,
  })
  const { https, limits, plain = true } = options
  const server = await startPhoneHttpServer({
    handler,
    ...(plain ? { provisioning: pipeline } : {}),
    bind: ['127.0.0.1'],
    httpPort: 0,
    ...(https === undefined ? {} : { https }),
    ...(limits === undefined ? {} : { limits }),
    clock,
    log,
  })
  return { pipeline, server, base: `http://127.0.0.1:${server.httpPort}` }
}

/** Sends bytes as they are and gives everything that comes back until the server ends the connection. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(text, 'latin1')
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => undefined)
  await once(socket, 'close')
  return received
}

export function bytesDelivery(text: string, lastModified = Date.UTC(2026, 0, 2, 3, 4, 5)): Delivery {
  return {
    kind: 'bytes',
    body: Buffer.from(text),
    contentType: 'text/plain; charset=utf-8',
    etag: '"abc"',
    lastModified,
  }
}
