import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { assembleCatalog } from '../../src/catalog/assemble.js'
import { loadTemplateFolders, shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import { grandstreamAccounts, grandstreamKeys } from '../../src/readers/grandstream-account.js'
import { readGrandstreamXml } from '../../src/readers/grandstream-xml.js'

const catalog = assembleCatalog(loadTemplateFolders([shippedTemplates()]))
const models = catalog.models().filter(({ family }) => family === 'grandstream')
const numbered = models.filter(({ accounts }) => accounts)
const byId = (id: string): PhoneModel => catalog.model(`grandstream/${id}`) as PhoneModel

/** Number of account 1, and what is added to 400, 500, 600, 1700, 1800 for accounts 2 to 6 (vendor template GXP2160). */
const OFFSETS: Record<string, [number, number]> = {
  active: [271, 1],
  label: [270, 17],
  server: [47, 2],
  proxy: [48, 3],
  user: [35, 4],
  authUser: [36, 5],
  password: [34, 6],
  displayName: [3, 7],
  voicemail: [33, 26],
  dnsMode: [103, 8],
  telUri: [63, 9],
  register: [31, 10],
  unregister: [81, 11],
  expires: [32, 12],
  nat: [52, 14],
  mwi: [99, 15],
  callFeatures: [191, 20],
  autoAnswer: [90, 25],
  intercom: [298, 38],
  srtp: [183, 43],
  transport: [130, 48],
  codec1: [57, 51],
  codec2: [58, 52],
  codec3: [59, 53],
  codec4: [60, 54],
  codec5: [61, 55],
  codec6: [62, 56],
  codec7: [46, 57],
  codec8: [98, 58],
  forwardDelay: [139, 70],
  pickupPrefix: [1347, 81],
  dtmfPayload: [79, 96],
}
/** These count up by 100 from account to account. */
const BY_HUNDRED: Record<string, number> = {
  secondServer: 2312,
  backupProxy: 2333,
  dtmfAudio: 2301,
  dtmfRtp: 2302,
  dtmfInfo: 2303,
  sips: 2329,
  optionsKeepAlive: 2397,
  trustedOnly: 2347,
  subscribeExpires: 26051,
  sipReset: 26015,
}
const BASES = [0, 400, 500, 600, 1700, 1800]

function expectedAccount(index: number): Record<string, string> {
  const offsets = Object.entries(OFFSETS).map(([name, [first, offset]]) => [
    name,
    index === 0 ? first : (BASES[index] ?? NaN) + offset,
  ])
  const hundreds = Object.entries(BY_HUNDRED).map(([name, first]) => [name, first + 100 * index])
  return Object.fromEntries([...offsets, ...hundreds].map(([name, number]) => [name, `P${number}`])) as never
}

function expectedFile(model: PhoneModel, example: string) {
  const file = join(shippedTemplates(), model.model, 'examples', example, 'expect', 'cfgc074ad2bd859.xml')
  const read = readGrandstreamXml(readFileSync(file))
  if (!read.ok) throw new Error(`${model.model} ${example} line ${read.line}: ${read.reason}`)
  return read.entries
}

describe('numbers of GXP accounts and keys', () => {
  test.each(numbered.map((model) => [model.model, model] as const))(
    '%s: every account follows the table of the vendor template',
    (_id, model) => {
      expect(model.accounts?.length).toBeGreaterThanOrEqual(model.lines)
      model.accounts?.forEach((account, index) => expect(account).toEqual(expectedAccount(index)))
    },
  )

  test('multi-purpose key 8 is P353 and key 19 is P1440, not what the rule of keys 1 to 7 would give', () => {
    const slots = byId('gxp2160').keys.mpk?.slots ?? []
    expect(slots).toHaveLength(24)
    expect(slots[0]).toEqual({ mode: 'P323', account: 'P301', label: 'P302', value: 'P303' })
    expect(slots[6]).toEqual({ mode: 'P329', account: 'P319', label: 'P320', value: 'P321' })
    expect(slots[7]).toEqual({ mode: 'P353', account: 'P354', label: 'P355', value: 'P356' })
    expect(slots[17]).toEqual({ mode: 'P393', account: 'P394', label: 'P395', value: 'P396' })
    expect(slots[18]).toEqual({ mode: 'P1440', account: 'P1441', label: 'P1442', value: 'P1443' })
    expect(slots[23]).toEqual({ mode: 'P1460', account: 'P1461', label: 'P1462', value: 'P1463' })
    for (const id of ['gxp1628', 'gxp1630', 'gxp2130']) expect(byId(id).keys.mpk?.slots).toEqual(slots.slice(0, 8))
  })

  test('on-screen keys change their numbering after key 6, wherever fixed keys end', () => {
    for (const id of ['gxp1760', 'gxp1780', 'gxp1782', 'gxp2130', 'gxp2135', 'gxp2140', 'gxp2160', 'gxp2170']) {
      const { line, vpk } = byId(id).keys
      const slots = [...(line?.slots ?? []), ...(vpk?.slots ?? [])]
      expect([id, vpk?.first]).toEqual([id, (line?.count ?? 0) + 1])
      expect([id, slots.length]).toEqual([id, (line?.count ?? 0) + (vpk?.count ?? 0)])
      expect(slots[0]).toEqual({ mode: 'P1363', account: 'P1364', label: 'P1465', value: 'P1466' })
      expect(slots[5]).toEqual({ mode: 'P1373', account: 'P1374', label: 'P1475', value: 'P1476' })
      expect(slots[6]).toEqual({ mode: 'P23800', account: 'P23801', label: 'P23802', value: 'P23803' })
      expect(slots.at(-1)?.mode).toBe(`P${23800 + 4 * (slots.length - 7)}`)
    }
  })

  test('keys of extension boards are five numbers apart', () => {
    for (const id of ['gxp2140', 'gxp2170']) {
      const slots = byId(id).keys.ext?.slots ?? []
      expect(slots).toHaveLength(160)
      expect(slots[0]).toEqual({ mode: 'P23000', account: 'P23001', label: 'P23002', value: 'P23003' })
      expect(slots[159]?.mode).toBe('P23795')
    }
  })
})

describe('key modes belong to the bank', () => {
  test('a lamp is 11 on a fixed key and 1 on any other, and GXP16xx line keys have none', () => {
    for (const { model, keys, keyKinds } of numbered) {
      for (const [name, bank] of Object.entries(keys)) {
        const mode = (bank.keyKinds?.blf ?? keyKinds.blf)?.mode
        if (bank.kinds.includes('blf')) expect([model, name, mode]).toEqual([model, name, name === 'line' ? 11 : 1])
        else expect([model, name]).toEqual([model.replace(/.*(gxp16..)$/, 'grandstream/$1'), 'line'])
      }
    }
  })

  test('no key of a GXP16xx is ever written as -1', () => {
    for (const model of models.filter(({ model: id }) => id.includes('gxp16'))) {
      for (const example of ['minimal', 'full', 'cleared']) {
        expect([model.model, expectedFile(model, example).filter(({ value }) => value === '-1')]).toEqual([
          model.model,
          [],
        ])
      }
    }
  })
})

describe('what a phone would make of its file', () => {
  test.each(models.map((model) => [model.model, model] as const))('%s: accounts and keys', (_id, model) => {
    const entries = expectedFile(model, 'full')
    const [first, second] = grandstreamAccounts(entries)
    expect(first).toMatchObject({
      active: true,
      user: '101',
      authUser: '101-abc123',
      server: 'phones.example.com',
      port: 5060,
      transport: 'tcp',
      expiresSeconds: 1860,
      outboundProxy: { host: 'proxy.example.com', port: 5070 },
    })
    expect(first?.password.reveal()).toBe('password-of-101')
    expect(second?.active).toBe(model.lines > 1 ? true : undefined)
    const speedDial = grandstreamKeys(entries).find(({ label }) => label === 'Reception')
    const places = Object.values(model.keys).reduce((sum, { count }) => sum + count, 0)
    // Two lines take both keys of a GXP1620.
    if (places > 2 || model.lines === 1) {
      expect(speedDial).toMatchObject({ value: '0301234567', account: model.lines > 1 ? 2 : 1 })
    } else expect(speedDial).toBeUndefined()
  })

  test.each(models.map((model) => [model.model, model] as const))('%s: nothing is left when cleared', (_id, model) => {
    const entries = expectedFile(model, 'cleared')
    const accounts = grandstreamAccounts(entries)
    expect(accounts).toHaveLength(model.lines)
    for (const account of accounts) {
      expect(account).toMatchObject({ active: false, user: '', authUser: '', server: '', displayName: '', label: '' })
      expect(account.password.reveal()).toBe('')
    }
    // Line keys of a GXP16xx stay line keys of account 1.
    const left = grandstreamKeys(entries).filter(({ code, value }) => code !== '0' || value !== '')
    expect(left).toEqual([])
    // The same parameters as in use: what is not mentioned, a phone keeps.
    const names = new Set(entries.map(({ name }) => name))
    const missing = expectedFile(model, 'minimal').filter(({ name }) => !names.has(name))
    expect(missing).toEqual([])
  })

  test('cfg.xml is the same whatever model it is made for', () => {
    const bytes = models.map(({ model }) =>
      readFileSync(join(shippedTemplates(), model, 'examples/minimal/expect/cfg.xml'), 'utf8'),
    )
    expect(new Set(bytes).size).toBe(1)
  })
})
