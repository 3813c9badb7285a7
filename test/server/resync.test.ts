import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import { fetchUrl, VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

interface Asked {
  mac: string
  kind: string
  outcome: string
  status?: number
  event?: string
  requestedBy: string
}
interface TimelineEvent {
  transport: string
  path: string
  outcome: string
  sha256?: string
}
interface ChangedJson {
  changed: { mac: string; files: { name: string }[] }[]
  unknown: string[]
  same: number
}

/** The number on each phone, as the CSV has it. */
const numbered = (n: 0 | 1 | 2): { mac: string; extension: string } => ({
  mac: VENDOR_PHONES[n].mac,
  extension: String(101 + n),
})
const PEOPLE = [numbered(0), numbered(1), numbered(2)] as const

let installation: TestInstallation
let server: ServerProcess
let office: Simulation | undefined

beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_LOG_LEVEL: 'warn' })
  server = await installation.serve()
  await installation.import(vendorPhonesCsv())
  await eventually(async () => {
    for (const { file } of VENDOR_PHONES) expect((await fetchUrl(`${server.http}/${file}`)).status).toBe(200)
  })
})

afterEach(async () => {
  await office?.stop()
  office = undefined
})

afterAll(() => installation.remove())

/** The phones of all three vendors boot and stay. */
async function openOffice(): Promise<Simulation> {
  office = simulate({
    phones: VENDOR_PHONES.map(({ model, mac }, n) => ({
      ...{ model, mac: mac as Mac, transport: n === 1 ? 'tftp' : 'http' },
      localAddress: loopbackAddress(n),
    })),
    server: { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp },
    keepRegistered: true,
  })
  expect(await office.settled).toMatchObject({ registered: VENDOR_PHONES.length, failed: 0 })
  return office
}

const timeline = (mac: string): Promise<TimelineEvent[]> => installation.cli('device', 'events', mac, '--limit', '100')
const changedMacs = async (): Promise<string[]> =>
  (await installation.cli<ChangedJson>('device', 'changed')).changed.map(({ mac }) => mac).sort()
const fetches = async (mac: string): Promise<TimelineEvent[]> =>
  (await timeline(mac)).filter(({ sha256 }) => sha256 !== undefined)

const toldBySip = async (mac: string): Promise<TimelineEvent[]> =>
  (await timeline(mac)).filter(({ transport }) => transport === 'sip')

/** Asks phones that are not, until there is none. */
const everybodyIsUpToDate = (): Promise<void> =>
  eventually(async () => {
    const asked = await installation.cli<Asked[]>('device', 'resync', '--changed', '--wait')
    expect(asked.map(({ mac, outcome }) => `${mac} ${outcome}`)).toEqual([])
  }, 20_000)

test('phones that are not there are told of, and the exit code says so', async () => {
  const macs = VENDOR_PHONES.map(({ mac }) => mac)
  const ran = await installation.runHere(['device', 'resync', ...macs, '--wait', '--json'])
  expect(ran.code).toBe(3)
  expect((JSON.parse(ran.stdout) as Asked[]).map(({ outcome }) => outcome)).toEqual(macs.map(() => 'not-registered'))
  const usage = await installation.runHere(['device', 'resync'])
  expect(usage).toMatchObject({ code: 2 })
  expect(usage.stderr).toContain('--changed')
})

test('a key is changed: that phone and no other is asked, fetches its new file and stays registered', async () => {
  const running = await openOffice()
  // What the first REGISTER tells of the firmware changes a Yealink's file: one more look.
  await everybodyIsUpToDate()
  const polled = running.polls().loaded
  const [first, second] = PEOPLE
  const before = await fetches(first.mac)
  const toldBefore = [(await toldBySip(first.mac)).length, (await toldBySip(second.mac)).length] as const

  await installation.cli('extension', 'keys', first.extension, 'speed-dial:9911:Desk')
  expect(await changedMacs()).toEqual([first.mac])
  const asked = await installation.cli<Asked[]>('device', 'resync', '--changed', '--wait')
  expect(asked).toMatchObject([{ mac: first.mac, kind: 'resync', outcome: 'heard', status: 200 }])

  await eventually(async () => expect(await changedMacs()).toEqual([]), 10_000)
  await eventually(() => expect(running.phones()[0]).toMatchObject({ state: 'registered' }))
  const after = await fetches(first.mac)
  expect(after.length).toBeGreaterThan(before.length)
  expect(after[0]?.sha256).not.toBe(before[0]?.sha256)
  const told = await toldBySip(first.mac)
  expect(told[0]).toMatchObject({ path: `NOTIFY ${asked[0]?.event ?? ''}`, outcome: 'heard' })
  expect(told).toHaveLength(toldBefore[0] + 1)
  expect(await toldBySip(second.mac)).toHaveLength(toldBefore[1])
  expect(running.polls()).toEqual({ loaded: polled + 1, failed: 0 })
})

test('somebody is renamed: his phone and those that show his name are asked, and no other', async () => {
  const running = await openOffice()
  const [first, second, third] = PEOPLE
  await installation.cli('extension', 'keys', first.extension, `blf:${second.extension}`)
  await everybodyIsUpToDate()

  await installation.cli('extension', 'update', second.extension, '--name', 'Berta Neu')
  const asked = await installation.cli<Asked[]>('device', 'resync', '--changed', '--wait')
  expect(asked.map(({ mac }) => mac).sort()).toEqual([first.mac, second.mac].sort())
  expect(asked.map(({ mac }) => mac)).not.toContain(third.mac)
  expect(asked.every(({ outcome }) => outcome === 'heard')).toBe(true)
  await eventually(async () => expect(await changedMacs()).toEqual([]), 10_000)
  await eventually(() =>
    expect(running.phones().map(({ state }) => state)).toEqual(['registered', 'registered', 'registered']),
  )
})

test('a restart is told as the vendor has it, and the phone comes up again', async () => {
  const running = await openOffice()
  const seen = new Set<string>()
  const macs = VENDOR_PHONES.map(({ mac }) => mac)
  const ran = await installation.runHere(['device', 'resync', ...macs, '--reboot', '--wait', '--json'])
  expect(ran.code).toBe(0)
  for (const { event } of JSON.parse(ran.stdout) as Asked[]) seen.add(event ?? '')
  expect([...seen]).toEqual(['check-sync;reboot=true'])
  await eventually(
    () => expect(running.phones().map(({ state }) => state)).toEqual(['registered', 'registered', 'registered']),
    10_000,
  )
})
