import { afterEach, expect, test } from '@jest/globals'
import type { ResyncRequest } from '../../src/resync/resync.js'
import { describeWithClients } from '../support/real-clients.js'
import { startResyncBench, type ResyncBench } from '../support/resync-bench.js'
import { freeUdpPort, runBaresip, runLinphonec, runSippPhone, type SipCredentials } from '../support/sip-clients.js'

const TRANSPORTS = ['udp', 'tcp'] as const

let bench: ResyncBench | undefined

afterEach(async () => {
  expect(bench?.server.errors ?? []).toEqual([])
  await bench?.stop()
  bench = undefined
})

function credentials({ server }: ResyncBench, transport: 'udp' | 'tcp'): SipCredentials {
  const where = { domain: '127.0.0.1', server: '127.0.0.1', port: server.port, transport }
  return { user: '100', authUser: 'line0', password: 'pw-0', ...where }
}

describeWithClients('SIPp', { sipp: 'sip-tester' }, () => {
  test('[RFC3261-22.2] a phone that challenges NOTIFY takes our answer to the challenge', async () => {
    const port = await freeUdpPort()
    bench = await startResyncBench({
      bindings: () => [
        {
          ...{ aor: '100@example.com', extensionId: 'e100', lineId: 'line0', bindingKey: 'k', path: [], q: 1_000 },
          ...{ contactUri: `sip:100@127.0.0.1:${port}`, received: `127.0.0.1:${port}`, transport: 'udp' },
          ...{ callId: 'c', cseq: 1, expiresAt: 9e15, registeredAt: 1, local: '127.0.0.1' },
        },
      ],
    })
    const phone = runSippPhone('notified.xml', port)
    const asked = await bench.outcomes(await bench.ask([0]), 15_000)
    const { registered: asWritten, output } = await phone
    expect(asWritten ? '' : output).toBe('')
    expect(asked).toMatchObject([{ outcome: 'heard', status: 200 }])
  })
})

describeWithClients('baresip', { baresip: 'baresip' }, () => {
  test.each(TRANSPORTS)('answers a NOTIFY that it never subscribed to, over %s', async (transport) => {
    const opened = await startResyncBench()
    bench = opened
    let asked: ResyncRequest[] = []
    const { registered, output } = await runBaresip(credentials(opened, transport), async () => {
      asked = await opened.outcomes(await opened.ask([0]), 15_000)
    })
    expect(registered ? '' : output).toBe('')
    expect(asked).toMatchObject([{ outcome: expect.stringMatching(/^(heard|refused)$/), status: expect.any(Number) }])
  })
})

describeWithClients('linphonec', { linphonec: 'linphone-cli' }, () => {
  test('answers a NOTIFY that it never subscribed to', async () => {
    const opened = await startResyncBench()
    bench = opened
    let asked: ResyncRequest[] = []
    const { registered, output } = await runLinphonec(credentials(opened, 'udp'), async () => {
      asked = await opened.outcomes(await opened.ask([0]), 15_000)
    })
    expect(registered ? '' : output).toBe('')
    expect(asked).toMatchObject([{ outcome: expect.stringMatching(/^(heard|refused)$/), status: expect.any(Number) }])
  })
})
