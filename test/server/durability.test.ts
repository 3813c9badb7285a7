import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { join } from 'node:path'
import { describeWithClients } from '../support/real-clients.js'
import { fetchAccounts, loadPhones, RegisterLoad } from '../support/register-load.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'
import { onDiskBefore, readTrace, traced } from '../support/system-calls.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation
let trace: string

beforeEach(async () => {
  installation = await TestInstallation.create()
  trace = join(installation.folder, 'trace')
})
afterEach(() => installation.remove())

describeWithClients('a power cut', { strace: 'strace' }, () => {
  test('no 200 to a REGISTER leaves before the sync that covers its binding', async () => {
    const { csv, files } = loadPhones(20)
    await installation.import(csv)
    const server = await installation.serve({ through: traced(trace) })
    const load = new RegisterLoad(await fetchAccounts(server.http, files))
    await load.run(server.ports.sip, 60)
    process.kill(Number(server.ready.pid), 'SIGTERM')
    expect(await server.ended).toBe(0)

    const calls = readTrace(trace)
    const granted = calls.flatMap((call) => {
      const [, callId] = /SIP\/2\.0 200 OK.*Call-ID: (load-\d+-\d+)\\r/.exec(call.text) ?? []
      return callId !== undefined && call.text.includes('Contact: <') ? [{ call, callId }] : []
    })
    expect(granted.length).toBeGreaterThan(30)
    const early = granted.filter(({ call, callId }) => !onDiskBefore(calls, callId, 'phoneboot-live.sqlite-wal', call))
    expect(early.map(({ callId }) => callId)).toEqual([])
  })

  test('no command tells of a change before the sync that covers it', async () => {
    await installation.run(['migrate'])
    const command = ['extension', 'add', '901', '--name', 'Durable Dora']
    const { code, stdout } = await installation.run(command, { through: traced(trace) })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('901') })
    const calls = readTrace(trace)
    const [told] = calls.filter(({ name, text }) => /^writev?$/.test(name) && /^1</.test(text) && text.includes('901'))
    if (!told) throw new Error('the answer of the command is not in the trace')
    expect(onDiskBefore(calls, 'Durable Dora', 'phoneboot.sqlite-wal', told)).toBe(true)
  })
})
