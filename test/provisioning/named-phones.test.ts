import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Mac } from '../../src/domain/mac-address.js'
import { NamedPhones, type NamedPhone } from '../../src/provisioning/named-phones.js'
import { RequestNames, type NamedRequest } from '../../src/provisioning/request-names.js'
import { MemorySnapshot, SnapshotContent } from '../../src/snapshot/memory-snapshot.js'
import { loadPhones } from '../support/phone-catalog.js'
import { phone } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MAC = '001565aabbcc' as Mac
const { catalog } = loadPhones()

const asked = (names: RequestNames, phones: NamedPhones, path = `/${MAC}.cfg`): NamedPhone => {
  const named = names.read(path, true) as NamedRequest
  const { claim } = named
  if (claim.kind !== 'file' || claim.mac === undefined) throw new Error(`${path} names no phone`)
  return phones.of(named, claim, claim.mac)
}

/** All but which state of the snapshot it is of, as text. */
const told = ({ device, networks, fitting }: NamedPhone): unknown => ({
  device: device && [device.model, device.lines.map(({ extensionId }) => extensionId)],
  networks: networks?.cidrs,
  fitting: fitting && [fitting.model.model, fitting.file.key, fitting.askedAs.model],
})

type Change = (content: SnapshotContent) => void
const assign = (model: string, extension: string): Change => {
  return (content) => content.putDevice(phone(MAC, [extension], { model }))
}
const allow = (layer: 'global' | 'extension', owner: string, list: readonly string[] | undefined): Change => {
  const values = new Map(list ? [['allowedNetworks', list]] : [])
  return (content) => content.putLayer(layer, owner, { revision: 1, values })
}

const changes = fc.oneof(
  fc
    .tuple(fc.constantFrom('yealink/t21p-e2', 'yealink/t19p', 'snom/d120'), fc.constantFrom('101', '102'))
    .map(([model, extension]) => ({ named: `assign ${model} ${extension}`, change: assign(model, extension) })),
  fc
    .record({
      on: fc.constantFrom<['global' | 'extension', string]>(
        ['global', ''],
        ['extension', 'e101'],
        ['extension', 'e102'],
      ),
      list: fc.constantFrom(undefined, ['10.0.0.0/8'], ['192.0.2.0/24']),
    })
    .map(({ on, list }) => ({ named: `allow ${on.join(' ')} ${list?.join()}`, change: allow(...on, list) })),
  fc.constant({ named: 'remove', change: (content: SnapshotContent) => content.removeDevice(`d${MAC}`) }),
)

test('what was looked up before is never told of another state of the snapshot', () => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 20 }), (made) => {
      const snapshot = new MemorySnapshot()
      for (const number of ['101', '102']) snapshot.content.putExtension(extensionRecord(number))
      const [names, phones] = [new RequestNames(catalog), new NamedPhones(catalog, snapshot)]
      for (const { change } of made) {
        change(snapshot.content)
        const now = asked(names, phones)
        expect(asked(names, phones)).toBe(now)
        expect(told(now)).toEqual(told(asked(new RequestNames(catalog), new NamedPhones(catalog, snapshot))))
        expect(now.device).toBe(snapshot.deviceByMac(MAC))
      }
      snapshot.adopt(new SnapshotContent())
      expect(asked(names, phones).device).toBeUndefined()
    }),
  )
})

describe('the file that fits a phone', () => {
  const snapshot = new MemorySnapshot()
  const [names, phones] = [new RequestNames(catalog), new NamedPhones(catalog, snapshot)]
  const fittingOf = (model: string) => {
    snapshot.content.putDevice(phone(MAC, ['101'], { model }))
    return asked(names, phones).fitting
  }

  test('is that of its own model, whichever it was before', () => {
    for (const id of ['yealink/t21p-e2', 'yealink/t19p', 'yealink/t21p-e2']) {
      expect(fittingOf(id)).toMatchObject({ model: { model: id }, askedAs: { model: id } })
    }
  })

  test('is none for a model of another family, or an unknown one', () => {
    expect(fittingOf('snom/d120')).toBeUndefined()
    expect(fittingOf('nobody/x')).toBeUndefined()
    expect(fittingOf('yealink/t19p')?.model.model).toBe('yealink/t19p')
  })
})
