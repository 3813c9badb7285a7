import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { previewFiles } from '../../src/provisioning/preview.js'
import { AutoResync } from '../../src/resync/auto-resync.js'
import { WEEKDAYS } from '../../src/settings/personal-rules.js'
import { adminBench, type AdminBench } from '../support/admin-api.js'
import { DEFAULT_SITE } from '../support/admins.js'

const MACS = ['805ec0000901', '805ec0000902'] as Mac[]
let bench: AdminBench
let auto: AutoResync

beforeEach(async () => {
  bench = await adminBench()
  const use = bench.parts.forSite(DEFAULT_SITE)
  for (const [index, mac] of MACS.entries()) {
    const number = String(901 + index)
    await use.extensions.add('cli:test', { number, name: `Person ${number}` })
    await use.devices.add('cli:test', { mac, model: 'yealink/t21p-e2', lines: [{ extension: number }] })
  }
  await bench.parts.refresh()
  await bench.parts.waiting.refresh()
  const { parts, clock } = bench
  auto = new AutoResync({ ...parts, turns: () => undefined, clock, log: SILENT_LOG })
})
afterEach(async () => {
  await auto.stop()
  await bench.remove()
})

/** Every phone has what it would get now. */
function everybodyFetches(): void {
  for (const mac of MACS) {
    const device = bench.parts.snapshot.deviceByMac(mac)
    if (!device) throw new Error('no phone')
    for (const { name, text } of previewFiles(bench.parts, device, { secrets: true })) {
      bench.parts.waiting.heed({
        ...{ at: bench.clock.now(), transport: 'http', path: `/${name}`, peer: '192.0.2.9', mac, deviceId: device.id },
        ...{ outcome: 'served', status: 200, bytes: 9, micros: 1, sha256: sha256Hex(text) },
      })
    }
  }
}

const asked = async (): Promise<string[]> => {
  const found: string[] = []
  for (const mac of MACS) if ((await bench.parts.resync.ofPhone(mac, 5)).length > 0) found.push(mac)
  return found
}

async function change(): Promise<void> {
  await bench.parts.refresh()
  auto.changed()
  bench.clock.advance(2_500)
  // It ends when it has asked.
  for (let turn = 0; turn < 50; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

const today = (now: number): string => WEEKDAYS[(new Date(now).getUTCDay() + 6) % 7] ?? 'mon'
const set = (layer: 'site' | 'device', owner: string, value: boolean): Promise<unknown> =>
  bench.parts.forSite(DEFAULT_SITE).settings.set('cli:test', { layer, owner, key: 'resyncAfterChange' }, value)
const rename = (number: string, name: string): Promise<unknown> =>
  bench.parts.forSite(DEFAULT_SITE).extensions.update('cli:test', number, { name })

describe('phones whose files change', () => {
  test('wait until the office is closed where the setting says so, and there are office hours', async () => {
    const { settings } = bench.parts.forSite(DEFAULT_SITE)
    const site = { layer: 'site', owner: DEFAULT_SITE } as const
    await set('site', DEFAULT_SITE, true)
    await settings.set('cli:test', { ...site, key: 'resyncOutsideHours' }, true)
    const open = [{ from: '00:00', to: '23:59' }]
    await settings.set('cli:test', { ...site, key: 'officeHours' }, { [today(bench.clock.now())]: open })
    everybodyFetches()
    await rename('901', 'Renamed')
    await change()
    const midnight = Math.floor(bench.clock.now() / 86_400_000) * 86_400_000 + 86_400_000
    expect(await bench.parts.resync.ofPhone(MACS[0] as Mac, 5)).toMatchObject([{ requestedAt: midnight }])
  })

  test('are left alone unless the setting says otherwise', async () => {
    everybodyFetches()
    await rename('901', 'Renamed')
    await change()
    expect(await asked()).toEqual([])
  })

  test('are asked where it does: these, no others, and once for the same files', async () => {
    await set('site', DEFAULT_SITE, true)
    await bench.parts.refresh()
    everybodyFetches()
    await rename('901', 'Renamed')
    await change()
    expect(await asked()).toEqual([MACS[0]])
    await bench.fresh.databases.live('resync_requests').update({ finished_at: 1, outcome: 'heard' })
    await rename('902', 'Other')
    await change()
    expect(await asked()).toEqual(MACS)
    expect(await bench.parts.resync.ofPhone(MACS[0] ?? ('' as Mac), 5)).toHaveLength(1)
  })

  test('a single phone can be left out', async () => {
    await set('site', DEFAULT_SITE, true)
    const device = bench.parts.snapshot.deviceByMac(MACS[0] ?? ('' as Mac))
    await set('device', device?.id ?? '', false)
    await bench.parts.refresh()
    everybodyFetches()
    await rename('901', 'Renamed')
    await change()
    expect(await asked()).toEqual([])
  })
})
