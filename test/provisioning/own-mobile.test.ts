import { beforeEach, describe, expect, test } from '@jest/globals'
import { DEFAULT_SITE } from '../support/admins.js'
import { phone, ProvisioningBench } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MAC = '001565000001'
let bench: ProvisioningBench

beforeEach(() => {
  bench = new ProvisioningBench()
  for (const number of ['101', '102']) bench.snapshot.content.putExtension(extensionRecord(number))
  bench.snapshot.content.putDevice(phone(MAC, ['101', '102'], { model: 'yealink/t28p' }))
})

/** Where calls of both accounts go that nobody answers; '' when they go nowhere. */
function targets(): string[] {
  const text = bench.text(`/${MAC}.cfg`)
  const value = (name: string): string =>
    new RegExp(`^${name.replaceAll('.', '\\.')} = (.*)$`, 'm').exec(text)?.[1] ?? ''
  return [1, 2].map((n) =>
    value(`account.${n}.timeout_fwd.enable`) === '1' ? value(`account.${n}.timeout_fwd.target`) : '',
  )
}

describe('a forward to the own mobile', () => {
  test('goes to whatever mobile number each person has, and nowhere without one', () => {
    bench.set('site', DEFAULT_SITE, { forwardNoAnswer: 'mobile' })
    expect(targets()).toEqual(['', ''])
    bench.set('extension', 'e101', { mobileNumber: '+49 (171) 555-01 01' })
    expect(targets()).toEqual(['+491715550101', ''])
    bench.set('extension', 'e102', { mobileNumber: '0171 2' })
    expect(targets()).toEqual(['+491715550101', '01712'])
    bench.set('extension', 'e101', { mobileNumber: '0172 9' })
    expect(targets()).toEqual(['01729', '01712'])
  })

  test('a number of the person comes before it, and a null of the person ends it', () => {
    bench.set('site', DEFAULT_SITE, { forwardNoAnswer: 'mobile' })
    bench.set('extension', 'e101', { mobileNumber: '0171 1', forwardNoAnswer: '202' })
    bench.set('extension', 'e102', { mobileNumber: '0171 2', forwardNoAnswer: null })
    expect(targets()).toEqual(['202', ''])
  })

  test('is dialled as the dial string says, the strongest layer first', () => {
    bench.set('global', '', { mobileDialString: '9{number}' })
    bench.set('extension', 'e101', { forwardNoAnswer: 'mobile', mobileNumber: '0171 1' })
    bench.set('extension', 'e102', {
      forwardNoAnswer: 'mobile',
      mobileNumber: '0171 2',
      mobileDialString: '0{number}#',
    })
    expect(targets()).toEqual(['901711', '001712#'])
    // What no phone dials is left to the PBX.
    bench.set('global', '', { mobileDialString: 'SIP/{number}@trunk' })
    expect(targets()[0]).toBe('01711')
  })

  test('no file that is nobody’s own names it', () => {
    bench.set('global', '', { forwardNoAnswer: 'mobile', forwardBusy: 'mobile', forwardAlways: 'mobile' })
    bench.set('extension', 'e101', { mobileNumber: '0171 1' })
    expect(bench.text('/y000000000000.cfg')).not.toMatch(/mobile|01711/)
    expect(bench.text(`/${MAC}.cfg`)).not.toContain('= mobile')
  })
})
