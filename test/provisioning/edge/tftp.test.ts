import { describe, expect, test } from '@jest/globals'
import type { Delivered, Delivery, Provisioning, ProvisioningRequest } from '../../../src/provisioning/delivery.js'
import { provisioningByTftp } from '../../../src/provisioning/edge/tftp.js'
import type { TftpContent, TftpFinished, TftpRequest } from '../../../src/tftp/handler.js'
import { FakeClock } from '../../support/fake-clock.js'

const request: TftpRequest = {
  operation: 'read',
  path: '001565aabbcc.cfg',
  mode: 'octet',
  peer: { address: '192.0.2.7', port: 2000 },
  local: { address: '192.0.2.1', port: 69 },
}
const body = Buffer.from('#!version:1.0.0.1')
const common = { contentType: 'text/plain', etag: '"x"', lastModified: 0 }

interface Answered {
  content: TftpContent
  asked: ProvisioningRequest[]
  delivered: Delivered[]
}

async function answer(delivery: Delivery, finished: TftpFinished): Promise<Answered> {
  const asked: ProvisioningRequest[] = []
  const delivered: Delivered[] = []
  const provisioning: Provisioning = {
    deliver: (provisioningRequest) => {
      asked.push(provisioningRequest)
      return { delivery, finish: (one) => delivered.push(one) }
    },
  }
  const content = await provisioningByTftp(provisioning, new FakeClock(1000))(request)
  content.onFinished?.(finished)
  return { content, asked, delivered }
}

const whole: TftpFinished = { ok: true, bytes: 17, micros: 250, end: 'delivered' }
const error: TftpFinished = { ok: false, bytes: 0, micros: 90, end: 'error' }

describe('provisioning by TFTP', () => {
  test('the pipeline is asked with the file name, both addresses and the time', async () => {
    const { asked } = await answer({ kind: 'bytes', body, ...common }, whole)
    expect(asked).toEqual([
      {
        transport: 'tftp',
        operation: 'read',
        path: '001565aabbcc.cfg',
        peerAddress: '192.0.2.7',
        peerAddressProven: true,
        localAddress: '192.0.2.1',
        localPort: 69,
        receivedAt: 1000,
      },
    ])
  })

  test('rendered bytes and files on disk are handed on as they are', async () => {
    expect((await answer({ kind: 'bytes', body, ...common }, whole)).content).toMatchObject({
      kind: 'bytes',
      bytes: body,
    })
    const file: Delivery = { kind: 'file', path: '/f/x.rom', sizeBytes: 9, ...common }
    expect((await answer(file, whole)).content).toMatchObject({ kind: 'file', path: '/f/x.rom', sizeBytes: 9 })
  })

  test.each([
    ['absent', 1, 'File not found', 404],
    ['upload-refused', 2, 'Uploads are refused', 405],
    ['unavailable', 0, 'Not available now', 503],
  ] as const)('%s is error %i with the words "%s", and status %i in the event', async (kind, code, message, status) => {
    const { content, delivered } = await answer({ kind }, error)
    expect(content).toMatchObject({ kind: 'error', code, message })
    expect(delivered).toEqual([{ status, bytes: 0, micros: 90 }])
  })

  test('a transfer that was acknowledged to the end is 200, one that broke off is a failure', async () => {
    const bytes: Delivery = { kind: 'bytes', body, ...common }
    expect((await answer(bytes, whole)).delivered).toEqual([{ status: 200, bytes: 17, micros: 250 }])
    for (const end of ['timeout', 'refused', 'stopped'] as const) {
      const { delivered } = await answer(bytes, { ok: false, bytes: 5, micros: 9, end })
      expect(delivered).toEqual([{ status: 499, bytes: 5, micros: 9, outcome: 'failed' }])
    }
    const { delivered } = await answer(bytes, { ok: false, bytes: 5, micros: 9, end: 'unreadable' })
    expect(delivered).toEqual([{ status: 503, bytes: 5, micros: 9, outcome: 'failed' }])
  })
})
