import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { webBench, type Browser, type WebBench } from '../support/web-pages.js'

const MAC = '805ec0000811' as Mac
let bench: WebBench
let owner: Browser

const site = () => bench.parts.snapshot.defaultSite().id
const use = () => bench.parts.forSite(site())

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  await owner.post('/people/new', { number: '811', name: 'Zoë <i>Adams</i>' })
  await owner.post('/people/new', { number: '812', name: 'Hidden Person' })
  await owner.post('/people/new', { number: '813', name: 'Anna Berg' })
  await owner.post('/phones/new', { mac: MAC, model: 'yealink/t21p-e2', number: '811' })
  await owner.post('/people/new', { number: '814', name: 'Пётр Петров' })
  await bench.parts.refresh()
  const set = (number: string, values: Record<string, unknown>) =>
    use().settings.setAll(
      'test',
      { layer: 'extension', owner: bench.parts.snapshot.extensionByNumber(site(), number)?.id ?? '' },
      values,
    )
  await set('811', { jobTitle: 'Head of Sales', mobileNumber: '+49 171 555' })
  await set('812', { directoryVisible: false })
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

test('the page shows what phones show, in order, and nobody who is hidden', async () => {
  const { text } = await owner.get('/phonebook')
  expect(text.indexOf('Anna Berg')).toBeGreaterThan(0)
  expect(text.indexOf('Anna Berg')).toBeLessThan(text.indexOf('Zoë'))
  for (const shown of ['&lt;i&gt;Adams', '811', '+49 171 555', 'Head of Sales']) expect(text).toContain(shown)
  expect(text).not.toContain('Hidden Person')
  const found = (await owner.get('/phonebook?q=zoe')).text
  expect(found).toContain('Zoë')
  expect(found).not.toContain('Anna Berg')
})

test('the API gives it page by page, in its own order', async () => {
  const first = await owner.get('/api/v1/phonebook?limit=1')
  expect(first.body).toMatchObject({ items: [{ name: 'Anna Berg', number: '813' }], total: 3 })
  const next = await owner.get(`/api/v1/phonebook?limit=1&cursor=${encodeURIComponent(first.body.nextCursor)}`)
  expect(next.body.items).toEqual([
    { name: 'Zoë <i>Adams</i>', number: '811', mobile: '+49 171 555', jobTitle: 'Head of Sales' },
  ])
})

test.each([
  ['petrov', ['814']],
  ['Петров', ['814']],
  ['+49-171-555', ['811']],
  ['zoe', ['811']],
  ['81', ['813', '811', '814']],
  ['hidden', []],
])('typed %s it finds the same on the page and by the API as among people', async (typed, numbers) => {
  const q = encodeURIComponent(typed)
  const { body } = await owner.get(`/api/v1/phonebook?q=${q}`)
  expect((body as { items: { number: string }[] }).items.map(({ number }) => number)).toEqual(numbers)
  const { text } = await owner.get(`/phonebook?q=${q}`)
  for (const number of ['811', '812', '813', '814']) {
    expect([number, text.includes(`/people/${number}"`)]).toEqual([number, numbers.includes(number)])
  }
  const people = (await owner.get(`/api/v1/extensions?q=${q}`)).body as { items: { number: string }[] }
  expect(people.items.map(({ number }) => number).filter((number) => number !== '812')).toEqual([...numbers].sort())
})

test('it is saved as vCards, with the job title, by those who may export', async () => {
  const saved = await owner.post('/phonebook/vcards')
  expect(saved.status).toBe(200)
  expect(saved.headers['content-type']).toContain('text/vcard')
  expect(saved.headers['content-disposition']).toContain('phonebook-default.vcf')
  expect(saved.text).toContain('FN:Anna Berg\r\n')
  expect(saved.text).toContain('TITLE:Head of Sales\r\n')
  expect(saved.text).not.toContain('Hidden')
  const viewer = await bench.signedIn('viewer')
  expect((await viewer.get('/phonebook')).text).not.toContain('/phonebook/vcards')
  expect((await viewer.post('/phonebook/vcards')).status).toBe(403)
})

test('a phone’s page lists it among the files, and shows its form', async () => {
  expect((await owner.get(`/phones/${MAC}`)).text).toContain(`/phones/${MAC}/files/phonebook.xml`)
  const { text, status } = await owner.get(`/phones/${MAC}/files/phonebook.xml`)
  expect(status).toBe(200)
  expect(text).toContain('&lt;YealinkIPPhoneDirectory&gt;')
  expect(text).toContain('&lt;Name&gt;Anna Berg&lt;/Name&gt;')
  await use().settings.setAll(
    'test',
    { layer: 'device', owner: bench.parts.snapshot.deviceByMac(MAC)?.id ?? '' },
    { phonebook: false },
  )
  await bench.parts.refresh()
  expect((await owner.get(`/phones/${MAC}`)).text).not.toContain('files/phonebook.xml')
  expect((await owner.get(`/phones/${MAC}/files/phonebook.xml`)).status).toBe(404)
})
