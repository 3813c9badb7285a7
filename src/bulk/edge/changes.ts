import { layerTopic, type Author, type Change } from '../../database/change.js'
import { eachAs } from '../../database/edge/write.js'
import { describeDevice } from '../../devices/draft.js'
import { describeExtension } from '../../extensions/draft.js'
import type { DeviceRecord, ExtensionRecord } from '../../snapshot/snapshot.js'
import type { BulkPlan, ImportNote } from '../apply.js'

/** What the audit log and the change feed are told of an import: the import itself, then each record. */
export function* changesOf(plan: BulkPlan, author: Author, { done }: ImportNote): Generator<Change> {
  const { id, siteId, fileName, profile, summary } = done
  const { people, phones } = summary
  yield {
    author,
    action: 'import.run',
    entity: 'import',
    entityId: id,
    siteId,
    after: {
      ...(fileName === undefined ? {} : { fileName }),
      ...(profile === undefined ? {} : { profile }),
      people,
      phones,
    },
    feed: [],
  }
  yield* eachAs(plan.purgeDevices, (device) => deviceChange(author, 'purge', device))
  yield* eachAs(plan.createExtensions, (extension) => extensionChange(author, 'add', extension))
  yield* eachAs(plan.updateExtensions, (extension) => extensionChange(author, 'update', extension))
  yield* eachAs(plan.createDevices, (device) => deviceChange(author, 'add', device))
  yield* eachAs(plan.updateDevices, (device) => deviceChange(author, 'update', device))
  yield* eachAs(plan.settings, ({ layer, owner, siteId: site, set, unset }) => ({
    author,
    action: 'setting.import',
    entity: 'setting' as const,
    entityId: `${layer}:${owner}`,
    siteId: site,
    // Names only: the values of an import may be secrets.
    after: { set: [...set.keys()], ...(unset.length === 0 ? {} : { unset }) },
    feed: [layerTopic(layer, owner)],
  }))
}

function extensionChange(author: Author, verb: string, extension: ExtensionRecord): Change {
  return {
    author,
    action: `extension.${verb}`,
    entity: 'extension',
    entityId: extension.id,
    siteId: extension.siteId,
    after: describeExtension(extension),
    feed: [{ topic: 'extension', key: extension.id }],
  }
}

function deviceChange(author: Author, verb: string, device: DeviceRecord): Change {
  return {
    author,
    action: `device.${verb}`,
    entity: 'device',
    entityId: device.id,
    siteId: device.siteId,
    ...(verb === 'purge' ? { before: describeDevice(device) } : { after: describeDevice(device) }),
    feed: [{ topic: 'device', key: device.id }],
  }
}
