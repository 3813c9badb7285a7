import { beforeAll, expect, test } from '@jest/globals'
import { steadyClock, systemClock } from '../../src/domain/edge/system-clock.js'
import { loadPhoneData, type PhoneData } from '../../src/phone-data.js'
import { openStage } from '../../src/rehearsal/edge/stage.js'
import { seededRandom } from '../support/seeded-random.js'

let data: PhoneData

beforeAll(() => {
  data = loadPhoneData({})
})

const openFor = (...ids: string[]) =>
  openStage({
    ...{ catalog: data.catalog, vocabulary: data.vocabulary, zones: data.zones, render: data.render },
    models: ids.flatMap((id) => data.catalog.model(id) ?? []),
    ...{ clock: systemClock, steadyClock, random: seededRandom(1) },
  })

test('every made-up phone is given its files, by HTTP and by TFTP, and registers', async () => {
  const models = ['yealink/t21p-e2', 'snom/d735', 'grandstream/gxp1630']
  const stage = await openFor(...models)
  const mayGoOn = () => Promise.resolve(true)
  for (let n = 0; n < 2 * models.length; n += 1) {
    const booted = await stage.boot(mayGoOn)
    expect(booted.isRegistered).toBe(true)
    expect(booted.files).toBeGreaterThanOrEqual(2)
  }
  await stage.close()
})

test('a phone whose turn does not come asks for nothing more', async () => {
  const stage = await openFor('yealink/t21p-e2')
  let turns = 1
  const booted = await stage.boot(() => Promise.resolve((turns -= 1) >= 0))
  expect(booted.isRegistered).toBe(false)
  expect(booted.files).toBeLessThanOrEqual(1)
  await stage.close()
})
