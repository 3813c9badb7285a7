import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readConfig } from '../../dist/src/config.js'
import { buildName } from '../../dist/src/catalog/file-pattern.js'
import { openInstallation } from '../../dist/src/installation.js'
import { createLogger } from '../../dist/src/observe/edge/logger.js'
import { KnexBindingStore } from '../../dist/src/registrar/edge/knex-binding-store.js'
import { siteRealm } from '../../dist/src/registrar/accounts.js'
import { SEAL_CONTEXTS } from '../../dist/src/secrets/contexts.js'
import { loopbackAddress } from '../../dist/src/simulator/addresses.js'
import { loadSnapshot } from '../../dist/src/snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from '../../dist/src/snapshot/memory-snapshot.js'
import { OPTIONS } from './options.mjs'
import { run, start, stop } from './processes.mjs'

const MAIN = resolve(import.meta.dirname, '../../dist/phoneboot.js')

export const folder = mkdtempSync(join(tmpdir(), 'phoneboot-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

export const dataDir = OPTIONS.data === undefined ? join(folder, 'data') : resolve(OPTIONS.data)
/** Settings of server and commands; the server chooses its ports. */
const env = {
  ...process.env,
  PHONEBOOT_DATA_DIR: dataDir,
  PHONEBOOT_FIRMWARE_DIR: join(folder, 'firmware'),
  PHONEBOOT_BIND: '127.0.0.1',
  PHONEBOOT_HTTP_PORT: '0',
  PHONEBOOT_HTTPS_PORT: '0',
  PHONEBOOT_TFTP_PORT: '0',
  PHONEBOOT_SIP_PORT: '0',
  PHONEBOOT_SIPS_PORT: '0',
  PHONEBOOT_ADMIN_PORT: '0',
  PHONEBOOT_LOG_LEVEL: 'warn',
}
mkdirSync(env.PHONEBOOT_FIRMWARE_DIR)

/** A command of the program on some data, and what it printed. */
export const phoneboot = (args, into = dataDir) =>
  run(process.execPath, [MAIN, ...args], { env: { ...env, PHONEBOOT_DATA_DIR: into } })

/** A database with the phones of `simulate`, by the same commands an operator would use. */
export async function prepare(count = OPTIONS.devices, into = dataDir) {
  if (existsSync(join(into, 'phoneboot.sqlite'))) return
  const csv = join(folder, 'phones.csv')
  writeFileSync(csv, await phoneboot(['simulate', '--count', String(count), '--csv'], into))
  console.log((await phoneboot(['import', csv], into)).trim())
}

/** The same data once more, for a server that shall find things as they were; an absolute path. */
export function copyOfData(name) {
  const copy = join(folder, name)
  cpSync(dataDir, copy, { recursive: true })
  return copy
}

/** The real server, up: `{ pid, ports, readyMs, output, stop }`. `settings`: environment beside the usual. */
export async function serve(settings = {}) {
  const profile = OPTIONS.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${OPTIONS.profile}`]
  const began = performance.now()
  const child = start(process.execPath, [...profile, MAIN, 'serve'], { env: { ...env, ...settings } })
  const line = await new Promise((done, fail) => {
    child.stdout.on('data', () => child.output.includes('\n') && done(child.output))
    child.once('exit', () => fail(new Error(`the server ended: ${child.output}`)))
  })
  const ports = JSON.parse(line.split('\n').find((text) => text.startsWith('{"event":"ready"')))
  return {
    pid: child.pid,
    ports,
    readyMs: performance.now() - began,
    output: () => child.output,
    stop: () => stop(child),
  }
}

/**
 * What the phones of the database ask for and prove: name of the own config file, SIP user and password. `most`: not all
 * of them, but so many, evenly spread.
 */
export async function phones(of = dataDir, most = Infinity) {
  const installation = await openInstallation(
    readConfig({ ...env, PHONEBOOT_DATA_DIR: of }, folder),
    createLogger({ level: 'warn' }),
  )
  const { databases, catalog, secrets } = installation
  const snapshot = new MemorySnapshot((await loadSnapshot(databases.main)).content)
  const all = [...snapshot.content.devices.values()]
  const count = Math.min(most, all.length)
  const wanted = Array.from({ length: count }, (_, n) => all[Math.floor((n * all.length) / count)])
  const found = wanted.map(({ mac, model: id, lines: [line] }) => {
    const model = catalog.model(id)
    const file = catalog.files(id).find(({ scope, expectedMiss }) => scope === 'device' && !expectedMiss)
    return {
      mac,
      file: buildName(file.path, { model: model.match.model, mac, hardware: model.match.hardware }),
      username: line.authUsername,
      number: snapshot.extension(line.extensionId).number,
      password: secrets.open(line.sealedPassword, SEAL_CONTEXTS.linePassword(line.id)).reveal(),
    }
  })
  await installation.close()
  return found
}

/** A binding for each phone, as after a day on which all of them registered. */
export async function registerAll(of = dataDir) {
  const config = readConfig({ ...env, PHONEBOOT_DATA_DIR: of }, folder)
  const installation = await openInstallation(config, createLogger({ level: 'warn' }))
  const { databases, site } = installation
  const snapshot = new MemorySnapshot((await loadSnapshot(databases.main)).content)
  const now = Date.now()
  const changes = [...snapshot.content.devices.values()].map(({ lines: [line] }, n) => {
    const { number } = snapshot.extension(line.extensionId)
    const at = `${loopbackAddress(n)}:5062`
    const contactUri = `sip:${number}@${at}`
    const binding = {
      ...{ aor: `${number}@${siteRealm(site)}`, extensionId: line.extensionId, bindingKey: contactUri, contactUri },
      ...{ received: at, transport: 'udp', path: [], q: 1000, callId: `growth-${n}`, cseq: 1 },
      ...{ expiresAt: now + 7_200_000, registeredAt: now, lineId: line.id, userAgent: 'phoneboot benchmark' },
    }
    return { kind: 'save', event: 'registered', binding }
  })
  const store = new KnexBindingStore(databases.live)
  for (let from = 0; from < changes.length; from += 5_000) await store.commit(changes.slice(from, from + 5_000))
  await installation.close()
}

/** The configs as files in a folder, byte for byte what the server gives: the peer serves these. */
export async function saveConfigs(server, wanted, into) {
  mkdirSync(into, { recursive: true })
  let bytes = 0
  for (const { file } of wanted) {
    const answer = await fetch(`http://127.0.0.1:${server.ports.http}/${file}`)
    if (answer.status !== 200) throw new Error(`${file}: ${answer.status}`)
    const body = Buffer.from(await answer.arrayBuffer())
    bytes += body.length
    writeFileSync(join(into, file), body, { mode: 0o644 })
  }
  return bytes / wanted.length
}
