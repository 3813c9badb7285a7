import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { get } from 'node:http'
import { VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const INSIDE = '127.0.0.9'
const OUTSIDE = '127.0.0.1'
const [FIRST, SECOND] = VENDOR_PHONES

let installation: TestInstallation
let server: ServerProcess

beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_TRUSTED_NETWORKS: `${INSIDE}/32` })
  await installation.import(vendorPhonesCsv())
  server = await installation.serve()
})

afterAll(() => installation.remove())

function askFrom(localAddress: string, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(`${server.http}/${file}`, { localAddress, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject)
  })
}

/** The command line is asked, and each of its starts takes a while. */
const PATIENT_MS = 20_000

const lastSeenIp = async (mac: string): Promise<string | undefined> =>
  (await installation.cli<{ lastSeenIp?: string }>('device', 'show', mac)).lastSeenIp

test('a stranger who asks for a known MAC is no sighting of that phone', async () => {
  expect(await askFrom(INSIDE, FIRST.file)).toBe(200)
  await eventually(async () => expect(await lastSeenIp(FIRST.mac)).toBe(INSIDE), PATIENT_MS)
  expect(await askFrom(OUTSIDE, FIRST.file)).toBe(404)
  // Sightings are written in the order they came: after this one the stranger's would be there.
  expect(await askFrom(INSIDE, SECOND.file)).toBe(200)
  await eventually(async () => expect(await lastSeenIp(SECOND.mac)).toBe(INSIDE), PATIENT_MS)
  expect(await lastSeenIp(FIRST.mac)).toBe(INSIDE)
})
