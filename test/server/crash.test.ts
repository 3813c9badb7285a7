import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { sqlitePool } from '../../src/database/edge/connect.js'
import { KnexBindingStore } from '../../src/registrar/edge/knex-binding-store.js'
import { Dice } from '../fuzz/dice.js'
import { fetchAccounts, loadPhones, RegisterLoad } from '../support/register-load.js'
import { seededRandom } from '../support/seeded-random.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'

/** `npm run crash -- --rounds 30 --seed 1 --rate 500` sets them. */
const ROUNDS = Number(process.env.PHONEBOOT_TEST_CRASH_ROUNDS ?? 4)
const SEED = Number(process.env.PHONEBOOT_TEST_CRASH_SEED ?? 1)
/** Registrations a second; 0: as many as 60 phones get. */
const RATE = Number(process.env.PHONEBOOT_TEST_CRASH_RATE ?? 0)
const PHONES = RATE === 0 ? 60 : 300
/** People in one import: all of them are there after it, or none. */
const PER_IMPORT = 20
/** The target is 2 s on a machine with nothing else to do. */
const RESTART_WITHIN_MS = 20_000

jest.setTimeout(SERVER_TEST_MS + ROUNDS * 25_000)

let installation: TestInstallation

beforeAll(async () => {
  installation = await TestInstallation.create()
})
afterAll(() => installation.remove())

interface Writes {
  /** First numbers of imports that were told to be done. */
  saved: Set<number>
  /** First numbers of imports whose end nobody heard of. */
  unknown: Set<number>
}

/** A server that has just started needs a moment to keep the pace; a busy machine may never do. */
const PACE_WITHIN_MS = 10_000
const PACE_LOOK_MS = 200

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const csvOf = (first: number): string =>
  ['extension,name', ...Array.from({ length: PER_IMPORT }, (_, n) => `${first + n},Person ${first + n}`), ''].join('\n')

/** Imports people one import after the other; now and then the command itself is killed in the middle. */
async function importUntil(stopped: () => boolean, writes: Writes, dice: Dice): Promise<void> {
  while (!stopped()) {
    const first = 10_000 + PER_IMPORT * (writes.saved.size + writes.unknown.size)
    const killed = dice.chance(30) ? { withinMs: 200 + dice.below(1_200) } : {}
    const { code, stderr } = await installation.run(['import', '-'], { input: csvOf(first), ...killed })
    if (code !== 0 && code !== null) throw new Error(`import: exit code ${code}\n${stderr}`)
    if (code === 0) writes.saved.add(first)
    else writes.unknown.add(first)
  }
}

interface OnDisk {
  /** User -> CSeq of its binding. */
  bindings: Map<string, number>
  /** First number of an import -> how many of its people are there. */
  imported: Map<number, number>
  integrity: unknown[]
}

async function readDisk(): Promise<OnDisk> {
  const [main, live] = ['phoneboot', 'phoneboot-live'].map((name) =>
    sqlitePool(`${installation.dataDir}/${name}.sqlite`, 'full'),
  )
  if (!main || !live) throw new Error('no database')
  try {
    const bindings = await new KnexBindingStore(live).load(0)
    const numbers: string[] = await main('extensions').where('number', '>=', '10000').pluck('number')
    const imported = new Map<number, number>()
    for (const number of numbers.map(Number).filter((one) => one >= 10_000)) {
      const first = number - (number % PER_IMPORT)
      imported.set(first, (imported.get(first) ?? 0) + 1)
    }
    const integrity = await Promise.all([main, live].map((pool) => pool.raw('pragma integrity_check')))
    return {
      bindings: new Map(bindings.map(({ aor, cseq }) => [aor.split('@')[0] ?? '', cseq])),
      imported,
      integrity: integrity.flat(),
    }
  } finally {
    await Promise.all([main.destroy(), live.destroy()])
  }
}

/** What is on disk is what was granted last, or something asked for after it. */
function lostBindings(load: RegisterLoad, { bindings }: OnDisk): string[] {
  const lost: string[] = []
  for (const [user, { granted, open }] of load.known) {
    const cseq = bindings.get(user)
    const fits = [granted, ...open].some((wish) =>
      cseq === undefined ? !wish.present : wish.present && wish.cseq === cseq,
    )
    if (!fits) lost.push(`${user}: granted ${JSON.stringify(granted)}, on disk ${cseq}, open ${JSON.stringify(open)}`)
  }
  return lost
}

/** What is on disk now is what the phones start from in the next round. */
function settle(load: RegisterLoad, writes: Writes, { bindings, imported }: OnDisk): void {
  for (const [user, known] of load.known) {
    const cseq = bindings.get(user)
    known.granted = { cseq: cseq ?? 0, present: cseq !== undefined }
    known.open = []
  }
  for (const first of imported.keys()) if (writes.unknown.delete(first)) writes.saved.add(first)
}

test(`kill -9, ${ROUNDS} times (seed ${SEED}): no granted registration and no saved change is lost`, async () => {
  const dice = new Dice(seededRandom(SEED))
  const { csv, files } = loadPhones(PHONES)
  await installation.import(csv)
  let server = await installation.serve()
  const load = new RegisterLoad(await fetchAccounts(server.http, files), RATE === 0 ? Infinity : RATE)
  let [loadedMs, granted] = [0, 0]
  const writes: Writes = { saved: new Set(), unknown: new Set() }
  const restarts: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    let stopped = false
    const registering = load.run(server.ports.sip)
    const importing = importUntil(() => stopped, writes, dice)
    // Not before something was granted, at the pace: the moment of the kill counts from there.
    await grantedMore(load, 20)
    await paced(load)
    const [loadedFrom, grantedBefore] = [performance.now(), load.granted]
    await pause(dice.below(1_500))
    server.signal('SIGKILL')
    await server.ended
    loadedMs += performance.now() - loadedFrom
    granted += load.granted - grantedBefore
    stopped = true
    load.stop()
    await Promise.all([registering, importing])

    const begun = performance.now()
    server = await installation.serve()
    restarts.push(Math.round(performance.now() - begun))
    const disk = await readDisk()
    expect(disk.integrity).toEqual([{ integrity_check: 'ok' }, { integrity_check: 'ok' }])
    expect(lostBindings(load, disk)).toEqual([])
    expect([...writes.saved].filter((first) => disk.imported.get(first) !== PER_IMPORT)).toEqual([])
    expect([...disk.imported].filter(([, people]) => people !== PER_IMPORT)).toEqual([])
    settle(load, writes, disk)
    expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
  }
  process.stdout.write(
    `crash: ${JSON.stringify({
      ...{ rounds: ROUNDS, wantedPerSecond: RATE, grantedPerSecond: Math.round((granted / loadedMs) * 1_000) },
      ...{ granted: load.granted, imports: writes.saved.size, restarts },
    })}\n`,
  )
  expect([...load.refused]).toEqual([])
  expect(writes.saved.size).toBeGreaterThan(0)
  expect(Math.max(...restarts)).toBeLessThan(RESTART_WITHIN_MS)
})

async function grantedMore(load: RegisterLoad, more: number): Promise<void> {
  const wanted = load.granted + more
  while (load.granted < wanted) await pause(5)
}

/** Resolves when registrations are granted at the pace that is wanted, or when that took too long. */
async function paced(load: RegisterLoad): Promise<void> {
  const deadline = performance.now() + PACE_WITHIN_MS
  for (let perSecond = 0; perSecond < 0.9 * RATE && performance.now() < deadline;) {
    const [from, before] = [performance.now(), load.granted]
    await pause(PACE_LOOK_MS)
    perSecond = ((load.granted - before) / (performance.now() - from)) * 1_000
  }
}
