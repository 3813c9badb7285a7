import { expect, test } from '@jest/globals'
import type { Change } from '../../src/database/change.js'
import { createBindingAdmin } from '../../src/registrar/use-cases.js'
import { FakeClock } from '../support/fake-clock.js'
import { Bench } from '../support/registrar-bench.js'

test('an admin throws one registration out; the audit log tells which, and of whom', async () => {
  const bench = await Bench.start()
  await bench.register()
  const noted: Change[] = []
  const clock = new FakeClock()
  const admin = createBindingAdmin({
    dropBinding: (aor, key) => bench.registrar.dropBinding(aor, key),
    note: (change) => Promise.resolve(void noted.push(change)),
    siteOf: () => 's1',
    clock,
  })
  const [binding] = bench.registrar.bindings()
  const key = binding?.bindingKey ?? ''
  expect(await admin.drop('admin:eva', '101@example.com', key)).toEqual(binding)
  expect(noted).toMatchObject([
    {
      ...{ author: { actor: 'admin:eva', at: clock.now() }, action: 'registration.drop', siteId: 's1' },
      ...{ entity: 'extension', entityId: binding?.extensionId, feed: [] },
      before: { aor: '101@example.com', contactUri: 'sip:101@10.0.0.7:5062' },
    },
  ])
  await expect(admin.drop('admin:eva', '101@example.com', key)).rejects.toMatchObject({ code: 'BINDING_NOT_FOUND' })
  expect(noted).toHaveLength(1)
})
