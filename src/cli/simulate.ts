import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { requireMac, type Mac } from '../domain/mac-address.js'
import { loopbackAddress } from '../simulator/addresses.js'
import { liveView } from '../simulator/edge/live-view.js'
import { simulate, type SimulateOptions } from '../simulator/edge/simulate.js'
import { generatedMac, SIMULATED_MODELS } from '../simulator/models.js'
import { summaryLines } from '../simulator/progress-lines.js'
import { configOf, withInstallation } from './context.js'
import { EXIT, numberOption, type Io, type Report, type Run } from './output.js'

interface Options {
  count?: number
  models?: string
  csv?: boolean
  server: string
  httpPort?: number
  tftpPort?: number
  tftpPercent: number
  spread: number
  keep?: boolean
  oneAddress?: boolean
}

interface Phone {
  model: string
  mac: Mac
}

/** `simulate`: boots phones against a server. */
export function simulateCommand(program: Command, io: Io, run: Run): void {
  program
    .command('simulate')
    .description("boot simulated phones: this installation's own, or generated ones with --count")
    .option('--count <n>', 'generate this many phones, the same ones each time', numberOption)
    .option('--models <ids>', 'only these models, by comma')
    .option('--csv', 'do not boot: print the generated phones as a CSV for import')
    .option('--server <address>', 'IP address of the server', '127.0.0.1')
    .option('--http-port <port>', "default: this installation's", numberOption)
    .option('--tftp-port <port>', "default: this installation's", numberOption)
    .option('--tftp-percent <n>', 'how many of a hundred boot by TFTP', numberOption, 0)
    .option('--spread <ms>', 'spread power-on over this time; 0: all at once, as after a power cut', numberOption, 0)
    .option('--one-address', 'all phones from one address, as behind a NAT; default: an own one each, on 127.x')
    .option('--keep', 'keep them registered until Ctrl-C')
    .action((options: Options) => run(() => simulation(io, options, program.opts<{ json?: boolean }>().json ?? false)))
}

async function simulation(io: Io, options: Options, asJson: boolean): Promise<Report> {
  const models = wantedModels(options.models)
  if (options.csv) return csvOf(generate(options.count ?? models.length, models))
  const phones = options.count === undefined ? await ownPhones(io, models) : generate(options.count, models)
  if (phones.length === 0) {
    throw new AppError('DEVICE_NOT_FOUND', 'there is no phone to simulate', {
      hint: 'Add phones first, or: simulate --count 20 --csv > phones.csv, import phones.csv, simulate --count 20',
    })
  }
  const config = configOf(io)
  const server = {
    address: options.server,
    httpPort: options.httpPort ?? config.httpPort,
    tftpPort: options.tftpPort ?? config.tftpPort,
  }
  // With --json standard output is one document.
  const view = asJson ? undefined : liveView(io.terminal)
  const running = simulate({
    phones: withTransport(phones, options.tftpPercent, options.server.startsWith('127.') && !options.oneAddress),
    server,
    spreadMs: options.spread,
    keepRegistered: options.keep ?? false,
    onProgress: (changed, all) => view?.show(all, changed),
  })
  const summary = await running.settled
  view?.end(running.phones())
  if (options.keep) {
    for (const line of summaryLines(summary)) io.err(`${line}\n`)
    await io.stopped()
  }
  await running.stop({ unregister: options.keep ?? false })
  const failedPhones = running
    .phones()
    .filter(({ state }) => state === 'failed')
    .map(({ mac, model, failure, detail }) => ({ mac, model, failure, detail }))
  return {
    json: { ...summary, failedPhones },
    lines: summaryLines(summary),
    exit: summary.registered === phones.length ? EXIT.ok : EXIT.problems,
  }
}

function wantedModels(list: string | undefined): string[] {
  const all = [...SIMULATED_MODELS.keys()]
  if (list === undefined) return all
  return list.split(',').map((id) => {
    const wanted = id.trim()
    if (!SIMULATED_MODELS.has(wanted)) {
      throw new AppError('MODEL_UNKNOWN', `${wanted}: the simulator does not know this model`, {
        field: 'models',
        hint: `It knows ${all.join(', ')}`,
      })
    }
    return wanted
  })
}

/** Phones of the models in turn, with MAC addresses that are the same each time. */
export function generate(count: number, models: readonly string[]): Phone[] {
  return Array.from({ length: count }, (_, index) => {
    const id = models[index % models.length] ?? ''
    const model = SIMULATED_MODELS.get(id)
    if (!model) throw new AppError('MODEL_UNKNOWN', `${id}: the simulator does not know this model`)
    return { model: id, mac: generatedMac(model, index) }
  })
}

/** Every third is TFTP for 33 %: spread evenly over the list, not in one block. */
export function withTransport(
  phones: readonly Phone[],
  tftpPercent: number,
  ownAddresses: boolean,
): SimulateOptions['phones'] {
  return phones.map((phone, index) => ({
    ...phone,
    transport:
      Math.floor(((index + 1) * tftpPercent) / 100) > Math.floor((index * tftpPercent) / 100) ? 'tftp' : 'http',
    ...(ownAddresses ? { localAddress: loopbackAddress(index) } : {}),
  }))
}

async function ownPhones(io: Io, models: readonly string[]): Promise<Phone[]> {
  return withInstallation(io, async ({ devices }) =>
    (await devices.list()).filter(({ model, state }) => state === 'approved' && models.includes(model)),
  )
}

function csvOf(phones: readonly Phone[]): Report {
  const rows = phones.map(({ model, mac }, index) => ({
    mac: requireMac(mac),
    model,
    extension: String(10_000 + index),
    name: `Simulated ${index + 1}`,
  }))
  return {
    json: rows,
    lines: [
      'mac,model,extension,name',
      ...rows.map(({ mac, model, extension, name }) => [mac, model, extension, name].join(',')),
    ],
  }
}
