import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Layer } from '../../src/domain/entities.js'
import { phonebookOf } from '../../src/phonebook/people.js'
import { MemorySnapshot } from '../../src/snapshot/memory-snapshot.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { loadPhones } from '../support/phone-catalog.js'
import { extensionRecord } from '../support/records.js'

const { vocabulary } = loadPhones()
let snapshot: MemorySnapshot

function set(layer: Layer, owner: string, values: Record<string, unknown>): void {
  snapshot.content.putLayer(layer, owner, { revision: 1, values: new Map(Object.entries(values)) })
}

function person(number: string, displayName: string, values: Record<string, unknown> = {}): void {
  snapshot.content.putExtension(extensionRecord(number, { displayName }))
  set('extension', `e${number}`, values)
}

const names = (): string[] => phonebookOf(snapshot, vocabulary, DEFAULT_SITE).people.map(({ name }) => name)

beforeEach(() => {
  snapshot = new MemorySnapshot()
})

describe('who stands in a phonebook', () => {
  test('everybody of the site who was just added, since nobody has to be listed by hand', () => {
    person('101', 'Anna Berg')
    snapshot.content.putExtension(extensionRecord('201', { siteId: 'elsewhere', displayName: 'Someone Else' }))
    expect(names()).toEqual(['Anna Berg'])
  })

  test('nobody who is hidden or switched off', () => {
    person('101', 'Anna Berg')
    person('102', 'Ben Cole', { directoryVisible: false })
    snapshot.content.putExtension(extensionRecord('103', { displayName: 'Cora Dunn', enabled: false }))
    expect(names()).toEqual(['Anna Berg'])
  })

  test('nobody of a group that is hidden, but who is listed by himself or by a stronger group', () => {
    const inGroups = (number: string, groups: string[]) =>
      snapshot.content.putExtension(extensionRecord(number, { displayName: `Person ${number}`, groups }))
    inGroups('101', ['lab'])
    inGroups('102', ['lab'])
    inGroups('103', ['front', 'lab'])
    set('group', 'lab', { directoryVisible: false })
    set('group', 'front', { directoryVisible: true })
    set('extension', 'e102', { directoryVisible: true })
    expect(names()).toEqual(['Person 102', 'Person 103'])
  })

  test('in a site that hides all, only those who are listed by themselves', () => {
    person('101', 'Anna Berg')
    person('102', 'Ben Cole', { directoryVisible: true })
    set('site', DEFAULT_SITE, { directoryVisible: false })
    expect(names()).toEqual(['Ben Cole'])
  })
})

describe('how people stand there', () => {
  test('with number, mobile number as it is dialled, job title and e-mail address', () => {
    snapshot.content.putExtension(extensionRecord('101', { displayName: 'Anna Berg', email: 'anna@example.org' }))
    set('extension', 'e101', { mobileNumber: '+49 (171) 555-12', jobTitle: 'Head of Sales', firstName: 'Anna' })
    expect(phonebookOf(snapshot, vocabulary, DEFAULT_SITE).people).toEqual([
      {
        ...{
          id: 'e101',
          name: 'Anna Berg',
          head: 'Anna Berg',
          tail: null,
          firstName: 'Anna',
          lastName: null,
          number: '101',
        },
        ...{ mobile: '+4917155512', mobileShown: '+49 (171) 555-12' },
        ...{ jobTitle: 'Head of Sales', email: 'anna@example.org' },
      },
    ])
  })

  test('who has no name stands there by the number', () => {
    person('101', '')
    expect(names()).toEqual(['101'])
  })

  test.each([
    ['display', ['Anna B.', 'Ben Cole', 'Reception']],
    ['first-last', ['Anna Berg', 'Ben Cole', 'Reception']],
    ['last-first', ['Berg Anna', 'Cole Ben', 'Reception']],
  ])('in the order %s: %j', (order, expected) => {
    person('101', 'Anna B.', { firstName: 'Anna', lastName: 'Berg' })
    person('102', 'Ben Cole', { firstName: 'Ben', lastName: 'Cole' })
    person('103', 'Reception', { lastName: 'Desk' })
    set('global', '', { phonebookOrder: order })
    expect(names()).toEqual(expected)
  })

  test('the name in two pieces is the name in the order shown', () => {
    person('102', 'Ben Cole', { firstName: 'Ben', lastName: 'Cole' })
    const [shown] = phonebookOf(snapshot, vocabulary, DEFAULT_SITE).people
    expect(shown).toMatchObject({ head: 'Ben', tail: 'Cole' })
    set('site', DEFAULT_SITE, { phonebookOrder: 'last-first' })
    expect(phonebookOf(snapshot, vocabulary, DEFAULT_SITE).people[0]).toMatchObject({ head: 'Cole', tail: 'Ben' })
  })

  test.each([
    ['de', ['Ärmel', 'Azur', 'Zander']],
    ['sv', ['Azur', 'Zander', 'Ärmel']],
  ])('sorted as %s has it: %j', (language, expected) => {
    for (const [index, name] of ['Zander', 'Ärmel', 'Azur'].entries()) person(`10${index}`, name)
    set('site', DEFAULT_SITE, { language })
    expect(names()).toEqual(expected)
  })

  test('two of one name stand in the order of their numbers', () => {
    person('102', 'Anna Berg')
    person('101', 'Anna Berg')
    expect(phonebookOf(snapshot, vocabulary, DEFAULT_SITE).people.map(({ number }) => number)).toEqual(['101', '102'])
  })
})
