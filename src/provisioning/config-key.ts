import type { PhoneModel } from '../catalog/manifest.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { ServerAddress } from './file-view.js'
import { groupKeysOf, keyOwnerOf } from './key-layout.js'

function addressKey(server: ServerAddress): string {
  return `${server.host} ${server.httpPort} ${server.httpsPort} ${server.tftpPort} ${server.sipPort} ${server.sipsPort}`
}

function modelKey(snapshot: Snapshot, model: PhoneModel, siteId: string): string {
  return [
    snapshot.layer('global', '').revision,
    snapshot.layer('site', siteId).revision,
    snapshot.layer('vendor', model.family).revision,
    snapshot.layer('model', model.model).revision,
  ].join('.')
}

/**
 * Everything the bytes of a phone's file depend on, as one text: nothing is ever invalidated, keys change
 * (decision 6). The catalogue is fixed while the server runs, so it is not part of the key.
 */
export function deviceConfigKey(
  snapshot: Snapshot,
  model: PhoneModel,
  device: DeviceRecord,
  server: ServerAddress,
  cleared: boolean,
): string {
  const parts: (string | number)[] = [
    modelKey(snapshot, model, device.siteId),
    snapshot.layer('group', device.groupId ?? '').revision,
    snapshot.layer('device', device.id).revision,
    device.revision,
    device.firmwareVersion ?? '',
    cleared ? 'cleared' : '',
    addressKey(server),
  ]
  for (const line of device.lines) {
    const extension = snapshot.extension(line.extensionId)
    parts.push(
      extension?.revision ?? 0,
      snapshot.layer('extension', line.extensionId).revision,
      snapshot.layer('line', line.id).revision,
    )
    // Which groups these are, the revision of the person says.
    for (const group of extension?.groups ?? []) parts.push(snapshot.layer('group', group).revision)
  }
  // Labels of keys are names of other people.
  const owner = keyOwnerOf(snapshot, device)
  for (const { value } of [...(owner?.keys ?? []), ...device.keys, ...groupKeysOf(snapshot, device)]) {
    if (value === undefined) continue
    // With the id, since a number may pass to another person whose revision happens to be the same.
    const target = snapshot.extensionByNumber(device.siteId, value)
    parts.push(target ? `${target.id}.${target.revision}` : 0)
  }
  return parts.join('|')
}

/** As `deviceConfigKey`, for a file that is the same for every phone of a model. */
export function modelConfigKey(snapshot: Snapshot, model: PhoneModel, server: ServerAddress): string {
  return `${modelKey(snapshot, model, snapshot.defaultSite().id)}|${addressKey(server)}`
}
