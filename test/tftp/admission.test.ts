import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Admission, networkOf, type Admitted } from '../../src/tftp/admission.js'

const nobody = (): boolean => false

describe('admission of transfers', () => {
  test('each limit refuses with its own name', () => {
    const limits = { overall: 6, perAddress: 3, unprovedPerAddress: 2, unprovedPerNetwork: 3 }
    const admission = new Admission(limits)
    const first = [admission.begin('192.0.2.1'), admission.begin('192.0.2.1')]
    expect(admission.refusalOf('192.0.2.1', nobody)).toBe('unproved-address')
    admission.begin('192.0.2.2')
    expect(admission.refusalOf('192.0.2.3', nobody)).toBe('unproved-network')
    expect(admission.refusalOf('192.0.3.3', nobody)).toBeUndefined()
    for (const one of first) admission.prove(one)
    expect(admission.refusalOf('192.0.2.1', nobody)).toBeUndefined()
    admission.begin('192.0.2.1')
    expect(admission.refusalOf('192.0.2.1', nobody)).toBe('address')
    expect(admission.refusalOf('192.0.2.1', () => true)).toBeUndefined()
    admission.begin('198.51.100.1')
    admission.begin('198.51.100.1')
    expect(admission.refusalOf('203.0.113.1', () => true)).toBe('overall')
  })

  test('a whole /24 that is powered on at once is admitted', () => {
    const admission = new Admission()
    for (let host = 1; host < 255; host += 1) {
      expect(admission.refusalOf(`192.0.2.${host}`, nobody)).toBeUndefined()
      admission.begin(`192.0.2.${host}`)
    }
  })

  test.each([
    ['192.0.2.77', '192.0.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:0:0:1::5', '2001:0:0:1'],
    ['::1', '0:0:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
  ])('the network of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  test('whatever began, was proved and ended in any order leaves nothing counted', () => {
    const step = fc.record({ host: fc.integer({ min: 1, max: 3 }), prove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const admission = new Admission({ overall: 40, perAddress: 40, unprovedPerAddress: 1, unprovedPerNetwork: 1 })
        const begun: Admitted[] = []
        for (const { host, prove } of steps) {
          const admitted = admission.begin(`192.0.2.${host}`)
          if (prove) admission.prove(admitted)
          begun.push(admitted)
        }
        for (const admitted of begun.reverse()) admission.end(admitted)
        expect(admission.live).toBe(0)
        expect(admission.refusalOf('192.0.2.1', nobody)).toBeUndefined()
      }),
    )
  })
})
