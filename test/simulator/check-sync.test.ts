import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'
import type { PhoneAccount } from '../../src/readers/phone-account.js'
import { answerToRequest, readCheckSync, sameAccount } from '../../src/simulator/check-sync.js'
import type { SipRequest } from '../../src/sip/message.js'

const request = (method: string, event?: string): SipRequest => ({
  kind: 'request',
  method,
  uri: 'sip:101@127.0.0.1',
  headers: event === undefined ? [] : [{ name: 'Event', value: event }],
  body: '',
})

describe('a simulated phone', () => {
  test.each([
    ['check-sync', 'resync'],
    ['check-sync;reboot=false', 'resync'],
    ['Check-Sync; reboot=TRUE', 'reboot'],
    ['resync', 'resync'],
    ['message-summary', undefined],
    ['', undefined],
  ])('takes the event "%s" as %s', (event, kind) => expect(readCheckSync(request('NOTIFY', event))).toBe(kind))

  test('says 200 to what it obeys, 489 to another event, 405 to what it cannot do', () => {
    const answers = [
      request('NOTIFY', 'check-sync'),
      request('OPTIONS'),
      request('NOTIFY', 'presence'),
      request('NOTIFY'),
      request('INVITE'),
    ].map((one) => answerToRequest(one).status)
    expect(answers).toEqual([200, 200, 489, 489, 405])
  })

  test('registers anew only for an account that differs, in its password too', () => {
    const account: PhoneAccount = {
      ...{ index: 1, active: true, user: '101', authUser: 'a', password: new Secret('p'), server: 's', port: 5060 },
      ...{ transport: 'udp', displayName: 'Anna', label: '101', expiresSeconds: 600 },
    }
    expect(sameAccount(account, { ...account, password: new Secret('p') })).toBe(true)
    expect(sameAccount(account, { ...account, password: new Secret('q') })).toBe(false)
    expect(sameAccount(account, { ...account, displayName: 'Berta' })).toBe(false)
  })
})
