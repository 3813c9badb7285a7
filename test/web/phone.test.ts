import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import type { Binding, ProvisioningEvent } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { previewFiles } from '../../src/provisioning/preview.js'
import type { DeviceRecord } from '../../src/snapshot/snapshot.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser
const MAC = '805ec0000701' as Mac
const FILE = `${MAC}.cfg`
const AGENT = 'Yealink SIP-T21P_E2 52.84.0.15'

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  await owner.post('/people/new', { number: '701', name: 'Anna' })
  await owner.post('/phones/new', { mac: MAC, model: 'yealink/t21p-e2', number: '701' })
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

function phone(mac: Mac = MAC): DeviceRecord {
  const found = bench.parts.snapshot.deviceByMac(mac)
  if (!found) throw new Error(`no phone ${mac}`)
  return found
}

function binding(device: DeviceRecord, part: Partial<Binding> = {}): Binding {
  const [line] = device.lines
  return {
    ...{ aor: '701@192.0.2.1', extensionId: line?.extensionId ?? '', bindingKey: 'b', received: '192.0.2.9:5062' },
    ...{ contactUri: 'sip:701@10.1.1.9:5060', transport: 'udp', path: [], q: 1000, callId: 'c', cseq: 1 },
    ...{ registeredAt: bench.clock.now(), expiresAt: bench.clock.now() + 3_600_000, userAgent: AGENT },
    ...(line ? { lineId: line.id } : {}),
    ...part,
  }
}

/** The phone fetches its file as it is now; returns its digest. */
async function fetches(agoMs = 0): Promise<string> {
  const [file] = previewFiles(bench.parts, phone(), { wanted: FILE, secrets: true })
  const bytes = Buffer.from(file?.text ?? '')
  const sha256 = sha256Hex(bytes)
  const event: ProvisioningEvent = {
    ...{ at: bench.clock.now() - agoMs, transport: 'http', path: `/${FILE}`, peer: '192.0.2.9', mac: MAC },
    ...{ deviceId: phone().id, outcome: 'served', status: 200, bytes: bytes.length, micros: 3_000, sha256 },
  }
  const { deviceId, ...row } = event
  await bench.fresh.databases.events('provisioning_events').insert({ ...row, device_id: deviceId, times: 1 })
  bench.parts.waiting.heed({ ...event })
  return sha256
}

describe('the life of a phone', () => {
  test('is told from the file to the registration, with size, digest, transport and how long it took', async () => {
    const sha256 = await fetches(4_000)
    const made = binding(phone(), { registeredAt: bench.clock.now() - 1_000 })
    bench.history.changed(phone().id, { kind: 'save', event: 'registered', binding: made }, bench.clock.now() - 1_000)
    bench.bindings.push(made)
    const { text } = await owner.get(`/phones/${MAC}`)
    expect(text).toContain(`Given ${FILE}`)
    expect(text).toContain(`${sha256.slice(0, 12)}…`)
    expect(text).toContain('made in 3 ms')
    expect(text).toContain('Registered as 701')
    expect(text).toContain('3 s after it was given its file')
    expect(text).toContain('SIP UDP 192.0.2.9:5062')
  })

  test('the registration names client, source address and port, Contact, since and until', async () => {
    const { text } = await owner.get(`/phones/${MAC}`)
    for (const part of ['Yealink SIP-T21P E2', '52.84.0.15', '192.0.2.9', '5062', 'sip:701@10.1.1.9:5060']) {
      expect(text).toContain(part)
    }
  })

  test('old firmware of a registered phone is told', async () => {
    await bench.fresh.databases.main('devices').where({ mac: MAC }).update({ firmware_version: '52.80.0.1' })
    await bench.fresh.databases.main('change_feed').insert({ at: bench.clock.now(), topic: 'device', key: phone().id })
    await bench.parts.refresh()
    expect((await owner.get(`/phones/${MAC}`)).text).toContain('data-diagnosis="oldFirmware"')
  })

  test('a wrong password is told with what to do, and where it came from', async () => {
    bench.bindings.splice(0)
    bench.history.refused(phone().id, '192.0.2.66:5060', 'wrong password or unknown user', bench.clock.now())
    const { text } = await owner.get(`/phones/${MAC}`)
    expect(text).toContain('data-diagnosis="wrongPassword"')
    expect(text).toContain('192.0.2.66:5060')
    expect(text).toContain('Tried to register, and could not prove who it is')
  })

  test('whom the phone asked to watch is told, with what it was answered', async () => {
    const made = binding(phone())
    for (const target of ['102', '103', '102']) {
      bench.history.watched(phone().id, { binding: made, target, event: 'dialog', status: 405 }, bench.clock.now())
    }
    const { text } = await owner.get(`/phones/${MAC}`)
    expect(text).toContain('Asked to watch 102, 103; nobody here tells it about calls')
    expect(text).toContain('answered 405')
  })

  test('is in the API too, with the diagnosis', async () => {
    const token = await bench.tokenFor('viewer')
    const { body } = await bench.as(token).get(`/devices/${MAC}/timeline`)
    const { steps, diagnoses } = body as { steps: { kind: string }[]; diagnoses: { code: string }[] }
    expect(steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['asked', 'registered', 'refused']))
    expect(diagnoses[0]).toMatchObject({ code: 'wrongPassword', values: { peer: '192.0.2.66:5060' } })
  })
})

describe('what is done to a phone', () => {
  test('a resync is asked at a button, a restart after a question, and both stand in its timeline', async () => {
    expect((await owner.post(`/phones/${MAC}/resync`)).headers.location).toBe(`/phones/${MAC}?done=resynced`)
    expect((await owner.get(`/phones/${MAC}`)).text).toContain('Asked by us to fetch its files: under way')
    expect((await owner.get(`/phones/${MAC}/reboot`)).text).toContain('Restart this phone?')
    await bench.fresh.databases.live('resync_requests').update({ finished_at: bench.clock.now(), outcome: 'heard' })
    expect((await owner.post(`/phones/${MAC}/reboot`)).headers.location).toBe(`/phones/${MAC}?done=rebooted`)
    const { text } = await owner.get(`/phones/${MAC}`)
    expect(text).toContain('Asked by us to fetch its files: heard')
    expect(text).toContain('Asked by us to restart: under way')
  })

  test('a lost phone is blocked, its token and passwords are others, and it is told when it calls in', async () => {
    const mac = '805ec0000702' as Mac
    await owner.post('/phones/new', { mac, model: 'yealink/t21p-e2', number: '701' })
    const before = phone(mac)
    expect((await owner.get(`/phones/${mac}/lost`)).text).toContain('Report this phone lost?')
    expect((await owner.post(`/phones/${mac}/lost`)).headers.location).toBe(`/phones/${mac}?done=lost`)
    const after = phone(mac)
    expect(after.state).toBe('blocked')
    expect(after.tokenHash).not.toBe(before.tokenHash)
    expect(after.lines[0]?.sealedPassword).not.toBe(before.lines[0]?.sealedPassword)
    const audit = await bench.parts.audit({ entity: 'device', entityId: after.id, limit: 1 })
    expect(audit[0]?.action).toBe('device.lost')
    await bench.fresh.databases.events('provisioning_events').insert({
      ...{ at: bench.clock.now(), transport: 'http', path: `/${mac}.cfg`, peer: '198.51.100.7', mac },
      ...{ device_id: after.id, outcome: 'blocked', status: 404, bytes: 0, micros: 5, times: 1 },
    })
    const { text } = await owner.get(`/phones/${mac}`)
    expect(text).toContain('data-diagnosis="blockedCalls"')
    expect(text).toContain('198.51.100.7')
  })

  test('another phone takes its place: lines and label go there', async () => {
    const [from, to] = ['805ec0000703', '805ec0000704']
    await owner.post('/phones/new', { mac: from, model: 'yealink/t21p-e2', number: '701', name: 'Desk 9' })
    expect((await owner.get(`/phones/${from}/move`)).text).toContain('Replace this phone by another')
    const form = { _seen: hiddenField((await owner.get(`/phones/${from}/remove`)).text, '_seen'), to, model: '' }
    expect((await owner.post(`/phones/${from}/move`, form)).headers.location).toBe(`/phones/${to}?done=moved`)
    expect((await owner.get(`/phones/${to}`)).text).toContain('Desk 9')
    expect((await owner.get(`/phones/${from}`)).status).toBe(404)
    expect((await owner.post(`/phones/${to}/move`, { to: 'none' })).status).toBe(422)
  })

  test('helpdesk may report lost and resync, a viewer may do neither', async () => {
    const viewer = await bench.signedIn('viewer')
    for (const action of ['resync', 'reboot', 'lost', 'block']) {
      expect((await viewer.post(`/phones/${MAC}/${action}`)).status).toBe(403)
    }
    expect((await viewer.get(`/phones/${MAC}`)).text).not.toContain('Report lost')
    const helpdesk = await bench.signedIn('helpdesk')
    expect((await helpdesk.get(`/phones/${MAC}`)).text).toContain('Report lost')
  })
})

describe('a file of a phone', () => {
  test('tells of each line the setting, its layer, and who set it', async () => {
    const page = await owner.post('/settings/site/-/language/preview', { value: 'de' })
    await owner.post('/settings/site/-/language', { _seen: hiddenField(page.text, '_seen'), value: 'de' })
    const { text } = await owner.get(`/phones/${MAC}/files/${FILE}`)
    expect(text).toMatch(/lang\.gui &#x3D; German<\/span><span class="origin-from">language · This site</)
    expect(text).toMatch(/href="\/settings\/site\/-\/language">language<\/a>: de · This site · by /)
    expect(text).toMatch(/account\.1\.display_name &#x3D; Anna<\/span><span class="origin-from">person</)
    expect(text).not.toMatch(/account\.1\.password &#x3D; (?!\*{8})/)
  })

  test('is compared with the one that the phone was given, which is kept; passwords stay masked', async () => {
    const [old] = previewFiles(bench.parts, phone(), { wanted: FILE, secrets: true })
    const sha256 = await fetches()
    const kept = bench.keptFiles
    bench.servedBytes.set(sha256, Buffer.from(old?.text ?? ''))
    kept.heed({
      ...{ at: 1, transport: 'http', path: `/${FILE}`, peer: '192.0.2.9', outcome: 'served', status: 200, bytes: 1 },
      ...{ micros: 1, sha256, deviceId: phone().id },
    })
    await kept.flush()
    expect((await owner.get(`/phones/${MAC}/files/${FILE}`)).text).toContain('The phone has just these bytes.')
    const changed = await owner.get('/people/701')
    const form = { _seen: hiddenField(changed.text, '_seen'), name: 'Anna Neu', email: '', enabled: 'on' }
    await owner.post('/people/701', form)
    const token = await bench.tokenFor('owner')
    const { body } = await bench.as(token).get(`/devices/${MAC}/files/${FILE}/diff`)
    expect(body).toMatchObject({ state: 'changed', kept: true })
    const { diff } = body as { diff: { kind: string; text: string }[] }
    expect(diff.filter(({ kind }) => kind === 'gone').map(({ text }) => text)).toContain(
      'account.1.display_name = Anna',
    )
    expect(diff.filter(({ kind }) => kind === 'new').map(({ text }) => text)).toContain(
      'account.1.display_name = Anna Neu',
    )
    expect(JSON.stringify(diff)).not.toMatch(/password = (?!\*{8})./)
    expect((await owner.get(`/phones/${MAC}`)).text).toContain('1 file has changed since the phone fetched it.')
  })

  test('that is not kept any more says so, with what was changed since', async () => {
    await bench.fresh.databases.events('kept_files').delete()
    const { text } = await owner.get(`/phones/${MAC}/files/${FILE}`)
    expect(text).toContain('which is not kept any more')
  })
})

describe('adding a phone', () => {
  test('begins with the MAC address, typed or scanned, and its maker is known by it', async () => {
    const first = await owner.get('/phones/new')
    expect(first.text).toContain('Step 1 of 2')
    expect(first.text).toMatch(/<form[^>]*method="get"[^>]*action="\/phones\/new"/)
    expect(first.text).not.toContain('name="model"')
    const second = await owner.get('/phones/new?mac=80-5E-C0-00-07-10')
    for (const text of ['Step 2 of 2', '80:5e:c0:00:07:10', 'By its address it is from Yealink']) {
      expect(second.text).toContain(text)
    }
    expect((await owner.get('/phones/new?mac=12345')).text).toContain('This is no MAC address of a phone')
  })
})

test('a phone that waits for another file has a badge in the list once all were looked at', async () => {
  await bench.parts.waiting.refresh()
  expect((await owner.get('/phones?q=805ec0000701')).text).toContain('new config waits')
  await fetches()
  await bench.parts.waiting.refresh()
  expect((await owner.get('/phones?q=805ec0000701')).text).not.toContain('new config waits')
})
