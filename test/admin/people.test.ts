import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type request from 'supertest'
import { createKnexDeviceStore } from '../../src/devices/edge/knex-store.js'
import { RESTORABLE_MS } from '../../src/extensions/removed.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

let bench: AdminBench
let owner: AdminClient

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
})
afterAll(() => bench.remove())

const codeOf = ({ status, body }: request.Response): [number, string] => [status, (body as { code: string }).code]
const etagOf = ({ headers }: request.Response): string => String((headers as Record<string, string>).etag)
const set = (path: string, value: unknown): request.Test =>
  owner.put(`/settings/${path}`, { value }).set('If-Match', '*')
const valuesOf = async (path: string): Promise<Record<string, unknown>> =>
  ((await owner.get(`/settings/${path}`)).body as { values: Record<string, unknown> }).values
const numbers = async (query: string): Promise<string[]> => {
  await bench.parts.refresh()
  const { body } = (await owner.get(`/extensions?${query}`)) as { body: { items: { number: string }[] } }
  return body.items.map(({ number }) => number)
}

describe('one e-mail address, one person', () => {
  test('a second one with the address is refused, in any case, when added and when changed', async () => {
    await owner.post('/extensions', { number: '101', name: 'Anna', email: 'Anna@Example.org' })
    const again = await owner.post('/extensions', { number: '102', name: 'Bert', email: 'anna@example.ORG' })
    expect(codeOf(again)).toEqual([409, 'EMAIL_IN_USE'])
    expect(again.body).toMatchObject({ field: 'email' })
    await owner.post('/extensions', { number: '102', name: 'Bert' })
    const changed = await owner.patch('/extensions/102', { email: 'ANNA@example.org' }).set('If-Match', '*')
    expect(codeOf(changed)).toEqual([409, 'EMAIL_IN_USE'])
    const own = await owner.patch('/extensions/101', { email: 'anna@example.org', name: 'A' }).set('If-Match', '*')
    expect(own.status).toBe(200)
  })

  test('another site may have the same address and the same number', async () => {
    await bench.parts.sites.add('test', { slug: 'branch', name: 'Branch' })
    await bench.parts.refresh()
    const other = await owner.post('/extensions?site=branch', { number: '101', name: 'Zoe', email: 'anna@example.org' })
    expect(other.status).toBe(201)
  })
})

describe('several fields at once', () => {
  test('are all set or none, and one change of the revision', async () => {
    await owner.post('/extensions', { number: '110', name: 'Carol' })
    const seen = etagOf(await owner.get('/settings/extension/110'))
    const wrong = await owner
      .patch('/settings/extension/110', { values: { firstName: 'Carol', voicemailEmail: 'nobody' } })
      .set('If-Match', seen)
    expect(codeOf(wrong)).toEqual([422, 'SETTING_VALUE_INVALID'])
    expect(await valuesOf('extension/110')).toEqual({})
    const values = { firstName: 'Carol', lastName: 'Berg', recordCalls: true, voicemailPin: '77' }
    const done = await owner.patch('/settings/extension/110', { values }).set('If-Match', seen)
    expect([done.status, done.body]).toEqual([
      200,
      expect.objectContaining({ revision: 1, values: { ...values, voicemailPin: '[secret]' } }),
    ])
    const stale = await owner.patch('/settings/extension/110', { unset: ['firstName'] }).set('If-Match', seen)
    expect(codeOf(stale)).toEqual([412, 'REVISION_CONFLICT'])
    const unset = await owner
      .patch('/settings/extension/110', { unset: ['firstName', 'jobTitle'] })
      .set('If-Match', '*')
    expect((unset.body as { values: object }).values).not.toHaveProperty('firstName')
    const audit = (await owner.get('/audit?entity=setting&limit=9')).body as { items: { action: string }[] }
    expect(audit.items.slice(0, 5).map(({ action }) => action)).toEqual([
      'setting.unset',
      ...Array<string>(4).fill('setting.set'),
    ])
  })
})

describe('searching and sorting', () => {
  test('finds by mobile digits however they are written, by first and last name, and by a MAC in any spelling', async () => {
    await owner.post('/extensions', { number: '120', name: 'Desk by the window' })
    await owner.post('/extensions', { number: '121', name: 'Other desk' })
    await set('extension/120/mobileNumber', '+7 (999) 123-45-67')
    await set('extension/120/firstName', 'Пётр')
    await set('extension/120/lastName', 'Müller')
    await set('extension/121/mobileNumber', '0171 555')
    await owner.post('/devices', { mac: '001565000120', model: 'yealink/t21p-e2', lines: [{ extension: '120' }] })
    for (const q of [
      '+7 (999) 123',
      '99912345',
      '999 123',
      'петр',
      'muller',
      '00:15:65:00:01:20',
      '0015.6500.0120',
      '00156500012',
    ]) {
      expect([q, await numbers(`q=${encodeURIComponent(q)}`)]).toEqual([q, ['120']])
    }
    expect(await numbers('q=1234599')).toEqual([])
    await set('extension/120/mobileNumber', '+49 30 1')
    expect(await numbers('q=999123')).toEqual([])
  })

  test('finds people, phones and registrations whatever alphabet a name is stored and typed in', async () => {
    await owner.post('/extensions', { number: '122', name: 'Пётр Petrov' })
    await owner.post('/extensions', { number: '123', name: 'Анна Петрова' })
    await owner.post('/extensions', { number: '124', name: 'Jürgen Sørensen' })
    await owner.post('/devices', { mac: '001565000124', model: 'yealink/t21p-e2', lines: [{ extension: '124' }] })
    expect(await numbers('q=petrov')).toEqual(['122', '123'])
    expect(await numbers(`q=${encodeURIComponent('ПЕТРОВ')}`)).toEqual(['122', '123'])
    expect(await numbers('q=pyotr+petrov')).toEqual(['122'])
    expect(await numbers(`q=${encodeURIComponent('пётр')}`)).toEqual(['120', '122', '123'])
    expect(await numbers('q=soerensen')).toEqual(['124'])
    expect(await numbers(`q=${encodeURIComponent('juergen sörensen')}`)).toEqual(['124'])
    expect(await numbers(`q=${encodeURIComponent('jurgen sorensen')}`)).toEqual(['124'])
    await bench.parts.refresh()
    expect((await owner.get('/devices?q=juergen')).body).toMatchObject({ items: [{ mac: '001565000124' }], total: 1 })
  })

  test('sorts by mobile number both ways, those without last', async () => {
    const up = (await numbers('sort=mobile&limit=500')).filter((one) => ['120', '121'].includes(one))
    const down = (await numbers('sort=-mobile&limit=500')).filter((one) => ['120', '121'].includes(one))
    expect([up, down]).toEqual([
      ['121', '120'],
      ['120', '121'],
    ])
    expect((await numbers('sort=mobile&limit=500')).slice(0, 2)).toEqual(['121', '120'])
  })
})

describe('rules of the site', () => {
  test('numbers outside the ranges are refused, and a free one is proposed', async () => {
    await bench.parts.sites.add('test', { slug: 'strict', name: 'Strict' })
    await bench.parts.refresh()
    const inSite = '?site=strict'
    await owner.put(`/settings/site/-/numberRanges${inSite}`, { value: '700-702, 1000-1999' }).set('If-Match', '*')
    expect(codeOf(await owner.post(`/extensions${inSite}`, { number: '70', name: 'A' }))).toEqual([
      422,
      'NUMBER_INVALID',
    ])
    expect(codeOf(await owner.post(`/extensions${inSite}`, { number: '0701', name: 'A' }))[0]).toBe(422)
    expect((await owner.post(`/extensions${inSite}`, { number: '700', name: 'A' })).status).toBe(201)
    expect((await owner.post(`/extensions${inSite}`, { number: '1999', name: 'B' })).status).toBe(201)
    await bench.parts.refresh()
    expect((await owner.get(`/extensions/new${inSite}`)).body).toMatchObject({ number: '701', emailRequired: false })
    const moved = await owner.post(`/extensions/700/renumber${inSite}`, { number: '999' }).set('If-Match', '*')
    expect(codeOf(moved)).toEqual([422, 'NUMBER_INVALID'])
  })

  test('a password must be as long and hold what the site asks; one that was made always does', async () => {
    const inSite = '?site=strict'
    const rule = (key: string, value: unknown): request.Test =>
      owner.put(`/settings/site/-/${key}${inSite}`, { value }).set('If-Match', '*')
    await rule('passwordMinLength', 9)
    await rule('passwordClasses', ['lower', 'upper', 'digit', 'special'])
    const add = (number: string, password: string): request.Test =>
      owner.post(`/extensions${inSite}`, { number, name: 'P', password })
    for (const bad of ['Ab1-_[]{', 'alllower1-', 'ALLUPPER1-', 'NoDigits-x', 'NoSpecial1']) {
      const refused = await add('1001', bad)
      expect([bad, ...codeOf(refused), (refused.body as { field: string }).field]).toEqual([
        bad,
        422,
        'PASSWORD_INVALID',
        'password',
      ])
    }
    expect((await add('1001', 'aB1-_[]{}@;')).status).toBe(201)
    expect((await owner.post(`/extensions${inSite}`, { number: '1002', name: 'P' })).status).toBe(201)
    const reset = await owner.post(`/extensions/1001/password${inSite}`, { password: 'short' })
    expect(codeOf(reset)).toEqual([422, 'PASSWORD_INVALID'])
  })

  test('an e-mail address can be made mandatory', async () => {
    const inSite = '?site=strict'
    await owner.put(`/settings/site/-/emailRequired${inSite}`, { value: true }).set('If-Match', '*')
    expect(codeOf(await owner.post(`/extensions${inSite}`, { number: '1003', name: 'P' }))).toEqual([
      422,
      'EMAIL_INVALID',
    ])
    expect((await owner.post(`/extensions${inSite}`, { number: '1003', name: 'P', email: 'p@x.org' })).status).toBe(201)
  })

  test('a weak password is taken where the site allows it, and told', async () => {
    const weak = await owner.post('/extensions', { number: '130', name: 'W', password: 'summer' })
    expect(weak.body).toMatchObject({ weak: true })
    expect((await owner.post('/extensions', { number: '131', name: 'S' })).body).not.toHaveProperty('weak')
  })
})

describe('a copy of somebody', () => {
  test('has keys and settings of the first, and not what makes him this person', async () => {
    await owner.post('/extensions', {
      ...{ number: '140', name: 'Anna Berg', email: 'ab@example.org', password: 'Secret-140-word' },
      keys: [{ position: 1, kind: 'blf', value: '101' }],
    })
    for (const [key, value] of Object.entries({
      language: 'de',
      recordCalls: true,
      firstName: 'Anna',
      mobileNumber: '+49 1',
      voicemailPin: '1234',
    })) {
      await set(`extension/140/${key}`, value)
    }
    await owner.post('/devices', { mac: '001565000140', model: 'yealink/t21p-e2', lines: [{ extension: '140' }] })
    const copy = await owner.post('/extensions/140/duplicate', { number: '141', name: 'Bert Berg' })
    expect(copy.status).toBe(201)
    expect(copy.body).toMatchObject({
      number: '141',
      name: 'Bert Berg',
      keys: [{ kind: 'blf', value: '101' }],
      phones: [],
    })
    expect(copy.body).not.toHaveProperty('email')
    expect((copy.body as { password: string }).password).not.toBe('Secret-140-word')
    expect(await valuesOf('extension/141')).toEqual({ language: 'de', recordCalls: true })
    expect(codeOf(await owner.post('/extensions/140/duplicate', { number: '141', name: 'C' }))).toEqual([
      409,
      'EXTENSION_EXISTS',
    ])
  })
})

describe('another number', () => {
  test('keys and forwards of others follow, and phones, settings and keys stay with the person', async () => {
    await owner.post('/extensions', {
      number: '150',
      name: 'Moves',
      keys: [{ position: 1, kind: 'blf', value: '101' }],
    })
    await owner.post('/extensions', {
      number: '151',
      name: 'Watches',
      keys: [{ position: 1, kind: 'blf', value: '150' }],
    })
    await set('extension/151/forwardBusy', '150')
    await set('extension/150/language', 'de')
    await owner.post('/devices', { mac: '001565000150', model: 'yealink/t21p-e2', lines: [{ extension: '150' }] })
    await owner.post('/devices', { mac: '001565000151', model: 'yealink/t21p-e2', lines: [{ extension: '151' }] })
    await bench.parts.refresh()
    const watcher = (): Promise<string> =>
      owner.get('/devices/001565000151/files/001565000151.cfg').then(({ text }) => text)
    expect(await watcher()).toContain('150')
    const uses = await owner.get('/extensions/150/uses')
    expect(uses.body).toMatchObject({
      phones: [{ mac: '001565000150', line: 1 }],
      keys: [{ of: 'extension', position: 1 }],
      forwards: [{ of: 'extension', setting: 'forwardBusy' }],
    })
    const seen = etagOf(await owner.get('/extensions/150'))
    expect(codeOf(await owner.post('/extensions/150/renumber', { number: '152' }))).toEqual([428, 'REVISION_NEEDED'])
    const moved = await owner.post('/extensions/150/renumber', { number: '152' }).set('If-Match', seen)
    expect([moved.status, moved.body]).toEqual([
      200,
      expect.objectContaining({ number: '152', authUser: '152', phones: [{ mac: '001565000150', line: 1 }] }),
    ])
    await bench.parts.refresh()
    expect((await owner.get('/extensions/151')).body).toMatchObject({ keys: [{ kind: 'blf', value: '152' }] })
    expect(await valuesOf('extension/151')).toEqual({ forwardBusy: '152' })
    expect(await valuesOf('extension/152')).toEqual({ language: 'de' })
    const file = await watcher()
    expect(file).toContain('152')
    expect(file).not.toMatch(/\b150\b/)
    expect(codeOf(await owner.get('/extensions/150'))).toEqual([404, 'EXTENSION_NOT_FOUND'])
    const taken = await owner.post('/extensions/152/renumber', { number: '151' }).set('If-Match', '*')
    expect(codeOf(taken)).toEqual([409, 'EXTENSION_EXISTS'])
  })
})

describe('deleted by mistake', () => {
  test('somebody comes back with number, password, keys, settings, lines, and what others had of him', async () => {
    await owner.post('/extensions', {
      number: '160',
      name: 'Returns',
      password: 'Secret-160-word',
      keys: [{ position: 1, kind: 'blf', value: '101' }],
    })
    await owner.post('/extensions', {
      number: '161',
      name: 'Friend',
      keys: [{ position: 2, kind: 'blf', value: '160' }],
    })
    await set('extension/160/language', 'fr')
    await set('extension/160/voicemailPin', '4711')
    await set('extension/161/forwardBusy', '160')
    await owner.post('/devices', { mac: '001565000160', model: 'yealink/t21p-e2', lines: [{ extension: '160' }] })
    await bench.parts.refresh()
    const before = (await owner.get('/devices/001565000160/files/001565000160.cfg')).text
    expect(codeOf(await owner.delete('/extensions/160').set('If-Match', '*'))).toEqual([409, 'EXTENSION_IN_USE'])
    expect((await owner.delete('/extensions/160?force=true').set('If-Match', '*')).status).toBe(204)
    expect(await valuesOf('extension/161')).toEqual({})
    const { items } = (await owner.get('/removed-extensions')).body as {
      items: { id: string; number: string; name: string }[]
    }
    expect(items[0]).toMatchObject({ number: '160', name: 'Returns' })
    const back = await owner.post(`/removed-extensions/${items[0]?.id}/restore`)
    expect([back.status, back.body]).toEqual([200, { number: '160', missing: [] }])
    await bench.parts.refresh()
    expect((await owner.post('/extensions/160/password/reveal')).body).toEqual({ password: 'Secret-160-word' })
    expect((await owner.get('/extensions/160')).body).toMatchObject({
      keys: [{ value: '101' }],
      phones: [{ mac: '001565000160' }],
    })
    expect(await valuesOf('extension/160')).toEqual({ language: 'fr', voicemailPin: '[secret]' })
    expect((await owner.get('/extensions/161')).body).toMatchObject({ keys: [{ position: 2, value: '160' }] })
    expect(await valuesOf('extension/161')).toEqual({ forwardBusy: '160' })
    expect((await owner.get('/devices/001565000160/files/001565000160.cfg')).text).toBe(before)
    expect(codeOf(await owner.post(`/removed-extensions/${items[0]?.id}/restore`))).toEqual([
      404,
      'EXTENSION_NOT_FOUND',
    ])
  })

  test('what others have taken meanwhile stays theirs, and is told', async () => {
    await owner.post('/extensions', { number: '170', name: 'Away' })
    await owner.post('/devices', { mac: '001565000170', model: 'yealink/t21p-e2', lines: [{ extension: '170' }] })
    await owner.delete('/extensions/170?force=true').set('If-Match', '*')
    await owner.post('/devices/001565000170/lines', { extension: '161' }).set('If-Match', '*')
    const idOf = async (): Promise<string | undefined> =>
      ((await owner.get('/removed-extensions')).body as { items: { id: string }[] }).items[0]?.id
    const id = await idOf()
    expect((await owner.post(`/removed-extensions/${id}/restore`)).body).toEqual({
      number: '170',
      missing: ['line 1 of 001565000170'],
    })
    await owner.delete('/extensions/170').set('If-Match', '*')
    await owner.post('/extensions', { number: '170', name: 'Somebody new' })
    expect(codeOf(await owner.post(`/removed-extensions/${await idOf()}/restore`))).toEqual([409, 'EXTENSION_EXISTS'])
  })

  test('after 90 days he is gone for good', async () => {
    await owner.post('/extensions', { number: '180', name: 'Long ago' })
    await owner.delete('/extensions/180').set('If-Match', '*')
    const { items } = (await owner.get('/removed-extensions')).body as { items: { id: string }[] }
    await bench.fresh.databases.main('removed_extensions').decrement('removed_at', RESTORABLE_MS + 1)
    expect((await owner.get('/removed-extensions')).body).toEqual({ items: [] })
    expect(codeOf(await owner.post(`/removed-extensions/${items[0]?.id}/restore`))).toEqual([
      404,
      'EXTENSION_NOT_FOUND',
    ])
    await owner.post('/extensions', { number: '181', name: 'Later' })
    await owner.delete('/extensions/181').set('If-Match', '*')
    expect(await bench.fresh.databases.main('removed_extensions').pluck('number')).toEqual(['181'])
  })
})

describe('a new password for the phone of somebody', () => {
  const MAC = '001565000190'
  const file = (): Promise<string> => owner.get(`/devices/${MAC}/files/${MAC}.cfg`).then(({ text }) => text)
  const former = async (): Promise<unknown> => {
    await bench.parts.refresh()
    return bench.parts.snapshot.deviceByMac(MAC as never)?.lines[0]?.former
  }
  const sealed = async (): Promise<string> => {
    await bench.parts.refresh()
    return bench.parts.snapshot.deviceByMac(MAC as never)?.lines[0]?.sealedPassword ?? ''
  }

  test('when fetched: the old one stays good, the phone is asked to look, and the old one is void once the new was used', async () => {
    await owner.post('/extensions', { number: '190', name: 'Renews' })
    await owner.post('/devices', { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '190' }] })
    const old = await sealed()
    const before = await file()
    expect((await owner.post(`/devices/${MAC}/lines/1/password`, { when: 'fetched' })).status).toBe(204)
    expect(await former()).toEqual({ sealed: old, until: bench.clock.now() + 48 * 3_600_000 })
    expect(await sealed()).not.toBe(old)
    expect((await owner.get(`/devices/${MAC}/resyncs`)).body).toMatchObject({ items: [{ kind: 'resync' }] })
    expect((await owner.get(`/devices/${MAC}`)).text).not.toContain(old)
    // Asked once more before the phone has looked: what it knows is still the first one.
    await owner.post(`/devices/${MAC}/lines/1/password`, { when: 'fetched' })
    expect(await former()).toMatchObject({ sealed: old })
    expect(await file()).toBe(before)
    const line = bench.parts.snapshot.deviceByMac(MAC as never)?.lines[0]?.id ?? ''
    const store = createKnexDeviceStore(bench.fresh.databases.main)
    await store.forgetFormer(line, bench.clock.now())
    expect(await former()).toBeUndefined()
  })

  test('now, and when the phone is lost: the old one is void at once', async () => {
    for (const end of ['lines/1/password', 'lost']) {
      await owner.post(`/devices/${MAC}/lines/1/password`, { when: 'fetched' })
      expect(await former()).toBeDefined()
      const done = await owner.post(`/devices/${MAC}/${end}`)
      expect([end, done.status < 300, await former()]).toEqual([end, true, undefined])
    }
  })
})
