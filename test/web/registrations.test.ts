import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Binding } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { registrationId } from '../../src/admin/api/registrations.js'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser
const MAC = '805ec0000801' as Mac

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  await owner.post('/people/new', { number: '801', name: 'Anna' })
  await owner.post('/phones/new', { mac: MAC, model: 'yealink/t21p-e2', number: '801' })
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

/** Anna's phone and an app of hers, registered at once. */
function registerBoth(): { phone: Binding; app: Binding } {
  const line = bench.parts.snapshot.deviceByMac(MAC)?.lines[0]
  const at = bench.clock.now()
  const common = {
    ...{
      aor: '801@192.0.2.1',
      extensionId: line?.extensionId ?? '',
      transport: 'udp' as const,
      path: [],
      q: 1000,
      cseq: 1,
    },
    ...{ registeredAt: at, expiresAt: at + 3_600_000 },
  }
  const phone: Binding = {
    ...common,
    ...{ bindingKey: 'sip:801@10.1.1.9:5060', contactUri: 'sip:801@10.1.1.9:5060', received: '192.0.2.9:5062' },
    ...{ callId: 'a', userAgent: 'Yealink SIP-T21P_E2 52.84.0.15', lineId: line?.id ?? '' },
  }
  const app: Binding = {
    ...common,
    ...{ bindingKey: '<urn:uuid:1/2>', contactUri: 'sip:801@10.1.1.77:5080', received: '192.0.2.77:5080' },
    ...{ callId: 'b', userAgent: 'LinphoneAndroid' },
  }
  bench.bindings.splice(0, bench.bindings.length, phone, app)
  return { phone, app }
}

const pathOf = (binding: Binding): string => `/registrations/${encodeURIComponent(registrationId(binding))}/drop`

test('a person’s page shows the phones with model and state, and each registration with what it is of', async () => {
  registerBoth()
  const { text } = await owner.get('/people/801')
  expect(text).toMatch(/80:5e:c0:00:08:01.*Yealink SIP-T21P E2, line 1.*Registered/)
  for (const part of ['192.0.2.9', '192.0.2.77', 'LinphoneAndroid', 'sip:801@10.1.1.77:5080'])
    expect(text).toContain(part)
  expect(text.match(/>Throw out</g)).toHaveLength(2)
})

test('one of several is thrown out after a question; the other stays, and the audit log tells who did it', async () => {
  const { phone, app } = registerBoth()
  const asked = await owner.get(pathOf(app))
  expect(asked.text).toContain('Throw this registration out?')
  expect(asked.text).toContain('192.0.2.77')
  expect(bench.bindings).toHaveLength(2)
  expect((await owner.post(pathOf(app))).headers.location).toBe('/people/801?done=thrownOut')
  expect(bench.bindings).toEqual([phone])
  const [entry] = await bench.parts.audit({ limit: 1 })
  expect(entry).toMatchObject({ action: 'registration.drop', before: { contactUri: app.contactUri } })
  expect((await owner.get(pathOf(app))).status).toBe(404)
  expect((await owner.post(pathOf(phone))).headers.location).toBe(`/phones/${MAC}?done=thrownOut`)
  expect(bench.bindings).toEqual([])
})

test('by the API too, with the right to it, and never one of another site', async () => {
  const { phone, app } = registerBoth()
  const path = `/registrations/${encodeURIComponent(registrationId(app))}`
  const viewer = bench.as(await bench.tokenFor('viewer'))
  expect((await viewer.delete(path)).status).toBe(403)
  const other = await bench.parts.sites.add('test', { slug: 'other', name: 'Other' })
  await bench.parts.refresh()
  const stranger = bench.as(await bench.tokenFor('operator', other.id))
  expect((await stranger.delete(path)).status).toBe(404)
  expect(bench.bindings).toHaveLength(2)
  const helpdesk = bench.as(await bench.tokenFor('helpdesk'))
  expect((await helpdesk.delete(path)).status).toBe(204)
  expect((await helpdesk.delete(path)).body).toMatchObject({ code: 'BINDING_NOT_FOUND' })
  const { body } = await viewer.get('/registrations?extension=801')
  expect((body as { items: { contact: string }[] }).items.map(({ contact }) => contact)).toEqual([phone.contactUri])
  const page = await (await bench.signedIn('viewer')).get('/people/801')
  expect(page.text).not.toContain('Throw out')
})
