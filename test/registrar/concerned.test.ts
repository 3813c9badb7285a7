import { describe, expect, test } from '@jest/globals'
import { concernedBy, type PeopleChange } from '../../src/registrar/concerned.js'

const NOTHING: PeopleChange = { everything: false, sites: [], extensions: [], devices: [], layers: [] }
const phones = new Map([
  ['l1', 'd1'],
  ['l2', 'd2'],
])
const concerned = (change: Partial<PeopleChange>) =>
  concernedBy({ ...NOTHING, ...change }, (lineId) => phones.get(lineId))

describe('what a change may end', () => {
  test('bindings of the people and phones that it names, and of lines that are gone', () => {
    const isConcerned = concerned({ extensions: ['e1'], devices: ['d2'] })
    const asked = [
      { extensionId: 'e1' },
      { extensionId: 'e1', lineId: 'l1' },
      { extensionId: 'e2', lineId: 'l1' },
      { extensionId: 'e2', lineId: 'l2' },
      { extensionId: 'e2', lineId: 'gone' },
      { extensionId: 'e2' },
    ].map((binding) => isConcerned?.(binding))
    expect(asked).toEqual([true, true, false, true, true, false])
  })

  test.each([{ everything: true }, { sites: ['s1'] }, { layers: ['global:'] }])('any binding: %j', (change) => {
    expect(concerned(change)).toBeUndefined()
  })
})
