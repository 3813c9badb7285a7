import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Delivery } from '../../src/provisioning/delivery.js'
import { READERS, type ReaderName } from '../../src/readers/index.js'
import { phone, ProvisioningBench, tokenOf } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const YEALINK = '001565aabb01'
const SNOM = '000413aabb02'
const GRANDSTREAM = '000b82aabb03'
const STRANGER = { peerAddress: '203.0.113.9' }
const bookOf = (mac: string): string => `/${tokenOf(mac)}/phonebook.xml`

let bench: ProvisioningBench

function person(number: string, displayName: string, values: Record<string, unknown> = {}): void {
  bench.snapshot.content.putExtension(extensionRecord(number, { displayName }))
  bench.set('extension', `e${number}`, values)
}

function etag(delivery: Delivery): string {
  if (delivery.kind !== 'bytes') throw new Error(delivery.kind)
  return delivery.etag
}

beforeEach(() => {
  bench = new ProvisioningBench()
  person('101', 'Anna Berg', { firstName: 'Anna', lastName: 'Berg', mobileNumber: '+49 171 55512' })
  person('102', 'Ben & Co <b>', {})
  person('103', 'Hidden Person', { directoryVisible: false })
  bench.snapshot.content.putDevice(phone(YEALINK, ['101']))
  bench.snapshot.content.putDevice(phone(SNOM, ['101'], { model: 'snom/d120' }))
  bench.snapshot.content.putDevice(phone(GRANDSTREAM, ['101'], { model: 'grandstream/gxp2135' }))
})

describe('the phonebook of a site, as each vendor reads it', () => {
  test('Yealink', () => {
    expect(bench.text(bookOf(YEALINK))).toBe(`<?xml version="1.0" encoding="utf-8"?>
<YealinkIPPhoneDirectory>
<DirectoryEntry><Name>Anna Berg</Name><Telephone>101</Telephone><Telephone>+4917155512</Telephone></DirectoryEntry>
<DirectoryEntry><Name>Ben &amp; Co &lt;b&gt;</Name><Telephone>102</Telephone></DirectoryEntry>
</YealinkIPPhoneDirectory>
`)
  })

  test('Snom: a line of its own for a mobile number', () => {
    expect(bench.text(bookOf(SNOM))).toBe(`<?xml version="1.0" encoding="utf-8"?>
<SnomIPPhoneDirectory>
<Title>Phonebook</Title>
<DirectoryEntry><Name>Anna Berg</Name><Telephone>101</Telephone></DirectoryEntry>
<DirectoryEntry><Name>Anna Berg (mobile)</Name><Telephone>+4917155512</Telephone></DirectoryEntry>
<DirectoryEntry><Name>Ben &amp; Co &lt;b&gt;</Name><Telephone>102</Telephone></DirectoryEntry>
</SnomIPPhoneDirectory>
`)
  })

  test('Grandstream: names apart', () => {
    expect(bench.text(bookOf(GRANDSTREAM))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<AddressBook>
<version>1</version>
<Contact>
<FirstName>Anna</FirstName><LastName>Berg</LastName>
<Phone type="Work"><phonenumber>101</phonenumber><accountindex>0</accountindex></Phone>
<Phone type="Mobile"><phonenumber>+4917155512</phonenumber><accountindex>0</accountindex></Phone>
</Contact>
<Contact>
<FirstName>Ben &amp; Co &lt;b&gt;</FirstName>
<Phone type="Work"><phonenumber>102</phonenumber><accountindex>0</accountindex></Phone>
</Contact>
</AddressBook>
`)
  })

  test.each(bookModels())(
    '%s: is read back, last name first where the site wants it, without who is hidden',
    (model) => {
      bench.set('site', bench.snapshot.defaultSite().id, { phonebookOrder: 'last-first' })
      bench.snapshot.content.putDevice(phone(YEALINK, ['101'], { model }))
      const text = bench.text(bookOf(YEALINK))
      const file = bench.phones.catalog.phonebook(model)
      const read = READERS[file?.reader as ReaderName](Buffer.from(text))
      expect(read.ok).toBe(true)
      expect(text.replace('</FirstName><LastName>', ' ')).toContain('>Berg Anna<')
      expect(text).not.toContain('Hidden')
      expect(text).not.toContain('103')
    },
  )

  test('nobody is listed: an empty book, not an error', () => {
    bench.set('global', '', { directoryVisible: false })
    for (const mac of [YEALINK, SNOM, GRANDSTREAM]) expect(bench.text(bookOf(mac))).not.toContain('101')
  })
})

function bookModels(): string[][] {
  return new ProvisioningBench().phones.catalog.models().map(({ model }) => [model])
}

describe('who is given it', () => {
  test('the phone with its token, from anywhere, the same bytes by HTTP, HTTPS and TFTP', () => {
    const path = bookOf(YEALINK)
    const etags = [
      bench.ask(path),
      bench.ask(path, STRANGER),
      bench.ask(path, { ...STRANGER, transport: 'https' }),
      bench.ask(path.slice(1), { transport: 'tftp', localPort: 69 }),
    ].map(etag)
    expect(new Set(etags).size).toBe(1)
    expect(bench.lastEvent()).toMatchObject({ outcome: 'served', deviceId: `d${YEALINK}`, mac: YEALINK })
  })

  test('its config names just this address, behind its token', () => {
    const text = bench.text(`/${YEALINK}.cfg`)
    const url = /remote_phonebook\.data\.1\.url = (\S+)/.exec(text)?.[1] ?? ''
    expect(url).toBe(`http://10.0.0.1:8080${bookOf(YEALINK)}`)
    expect(bench.ask(new URL(url).pathname, STRANGER)).toMatchObject({ kind: 'bytes' })
    const folder = /<P331>(.*)<\/P331>/.exec(bench.text(`/cfg${GRANDSTREAM}.xml`))?.[1] ?? ''
    expect(bench.ask(new URL(`http://${folder}/phonebook.xml`).pathname, STRANGER)).toMatchObject({ kind: 'bytes' })
    const page = /<dkey_directory perm="RW">url (.*)<\/dkey_directory>/.exec(bench.text(`/snomD120-${SNOM}.htm`))?.[1]
    expect(bench.ask(new URL(page ?? '').pathname, STRANGER)).toMatchObject({ kind: 'bytes' })
  })

  test('a phone that loads its files by TFTP is told to fetch it by HTTP', () => {
    bench.set('global', '', { provisioningScheme: 'tftp' })
    expect(bench.text(`/${YEALINK}.cfg`)).toContain(`url = http://10.0.0.1:8080${bookOf(YEALINK)}\n`)
  })

  test.each<[string, string, object]>([
    ['a stranger', '/phonebook.xml', STRANGER],
    ['a stranger who makes up a token', `/${'0123456789abcdef'.repeat(2)}/phonebook.xml`, STRANGER],
    ['a trusted network without a token', '/phonebook.xml', {}],
    ['a trusted network with a made-up token', `/${'0123456789abcdef'.repeat(2)}/phonebook.xml`, {}],
  ])('%s is told the same as of any file there is not', (_who, path, from) => {
    expect(bench.ask(path, from)).toEqual({ kind: 'absent' })
    expect(bench.ask(path, from)).toEqual(bench.ask('/nothing.xml', from))
  })

  test.each([
    ['blocked', { state: 'blocked' as const }],
    ['waiting for approval', { state: 'pending' as const }],
    ['removed just now', { state: 'retired' as const, retiredAt: new ProvisioningBench().now() }],
  ])('a phone that is %s gets none, with its token and in the trusted network', (_what, part) => {
    bench.snapshot.content.putDevice(phone(YEALINK, ['101'], part))
    expect(bench.ask(bookOf(YEALINK))).toEqual({ kind: 'absent' })
  })

  test('outside the networks allowed to its person it gets none', () => {
    bench.set('extension', 'e101', { allowedNetworks: ['10.0.0.0/24'] })
    expect(bench.ask(bookOf(YEALINK))).toMatchObject({ kind: 'bytes' })
    expect(bench.ask(bookOf(YEALINK), STRANGER)).toEqual({ kind: 'absent' })
  })

  test('the people of another site are never in it', () => {
    bench.snapshot.content.putSite({ id: 'other', slug: 'other', name: 'Other', revision: 1 })
    bench.snapshot.content.putExtension(extensionRecord('901', { siteId: 'other', displayName: 'Zoe Other' }))
    bench.snapshot.content.putDevice(phone('001565aabb09', ['901'], { siteId: 'other' }))
    expect(bench.text(bookOf(YEALINK))).not.toContain('Zoe')
    expect(bench.text(bookOf('001565aabb09'))).toContain('Zoe')
    expect(bench.text(bookOf('001565aabb09'))).not.toContain('Anna')
  })

  test('where it is switched off nothing is given, and the config names none', () => {
    bench.set('device', `d${YEALINK}`, { phonebook: false })
    expect(bench.ask(bookOf(YEALINK))).toEqual({ kind: 'absent' })
    expect(bench.text(`/${YEALINK}.cfg`)).toContain('remote_phonebook.data.1.url = %NULL%')
    bench.set('global', '', { phonebook: false })
    expect(bench.ask(bookOf(SNOM))).toEqual({ kind: 'absent' })
    expect(bench.text(`/snomD120-${SNOM}.htm`)).toContain('keyevent F_ADR_BOOK')
  })

  test('a phonebook of another server takes its place in the config', () => {
    bench.set('global', '', { phonebookUrl: 'https://books.example.org/all/phonebook.xml' })
    expect(bench.text(`/${YEALINK}.cfg`)).toContain('data.1.url = https://books.example.org/all/phonebook.xml')
    expect(bench.text(`/cfg${GRANDSTREAM}.xml`)).toContain('<P331>books.example.org/all</P331>')
  })
})

describe('what it costs', () => {
  test('a thousand phones of one site cost one rendering', () => {
    for (let index = 0; index < 1_000; index += 1) {
      const mac = `001565${(0x100000 + index).toString(16)}`
      bench.snapshot.content.putDevice(phone(mac, ['101']))
      expect(bench.ask(bookOf(mac))).toMatchObject({ kind: 'bytes' })
    }
    expect(bench.rendered).toBe(1)
  })

  test('a phone that is seen costs none, a change of a name one, and no phone’s config is another because of it', () => {
    const before = { book: bench.ask(bookOf(YEALINK)), config: bench.ask(`/snomD120-${SNOM}.htm`) }
    bench.snapshot.content.putDevice(phone(SNOM, ['101'], { model: 'snom/d120', lastSeenAt: 5 }))
    expect(bench.ask(bookOf(YEALINK))).toBe(before.book)
    person('102', 'Ben Cole')
    expect(etag(bench.ask(bookOf(YEALINK)))).not.toBe(etag(before.book))
    expect(bench.ask(`/snomD120-${SNOM}.htm`)).toEqual(before.config)
  })

  test('a change that shows nowhere keeps ETag and date', () => {
    const before = bench.ask(bookOf(YEALINK))
    bench.clock.advance(60_000)
    bench.set('extension', 'e103', { directoryVisible: false, jobTitle: 'Spy' })
    expect(bench.ask(bookOf(YEALINK))).toEqual(before)
  })

  test('while people change all the time, a book that takes long is made in a twentieth of the time', () => {
    bench.renderingTakesMs = 100
    bench.ask(bookOf(YEALINK))
    person('104', 'Just Added')
    expect(bench.text(bookOf(YEALINK))).not.toContain('Just Added')
    bench.clock.advance(1_999)
    person('105', 'Added Later')
    expect(bench.text(bookOf(YEALINK))).not.toContain('Just Added')
    bench.clock.advance(1)
    expect(bench.rendered).toBe(2)
    for (const name of ['Just Added', 'Added Later']) expect(bench.text(bookOf(YEALINK))).toContain(name)
    expect(bench.rendered).toBe(2)
    expect(bench.clock.pending).toBe(0)
  })

  test('where there is never spare time, it is made for the first who asks a minute later', () => {
    bench.renderingTakesMs = 10_000
    bench.ask(bookOf(YEALINK))
    person('104', 'Just Added')
    expect(bench.text(bookOf(YEALINK))).not.toContain('Just Added')
    bench.clock.advance(60_001)
    expect(bench.text(bookOf(YEALINK))).toContain('Just Added')
    expect(bench.clock.pending).toBe(0)
  })

  test('what cannot be rendered now leaves the book as it was; without one the phone is told to ask again', () => {
    const before = bench.text(bookOf(YEALINK))
    bench.breakage = new Error('broken')
    person('104', 'Just Added')
    expect(bench.text(bookOf(YEALINK))).toBe(before)
    expect(bench.lastEvent().outcome).toBe('last-good')
    expect(bench.ask(bookOf(SNOM))).toEqual({ kind: 'unavailable' })
  })
})
