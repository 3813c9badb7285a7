import type { Catalog, FileMatch } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Mac } from '../domain/mac-address.js'
import type { Networks } from '../network/trust.js'
import { phoneNetworks } from '../snapshot/allowed-networks.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { Claim } from './request-path.js'

/** A file as the phone's own model has it, though it may have been asked under another model's name. */
export interface FittingFile {
  model: PhoneModel
  file: PhoneFile
  askedAs: PhoneModel
}

/** The phone whose MAC address stands in a path, whoever asks. */
export interface NamedPhone {
  /** Of the snapshot that says so. */
  readonly version: object
  readonly device: DeviceRecord | undefined
  /** Where it may come from; undefined: from anywhere. */
  readonly networks: Networks | undefined
  /** Undefined: its model has no such file. */
  readonly fitting: FittingFile | undefined
}

/** Where what was looked up last is kept. */
export interface KeepsPhone {
  phone: NamedPhone | undefined
}

/** Phones ask for the same files again and again: what is known of them is looked up once for each state of the snapshot. */
export class NamedPhones {
  constructor(
    private readonly catalog: Catalog,
    private readonly snapshot: Snapshot,
  ) {}

  /** @param kept with `claim`, which `mac` stands in */
  of(kept: KeepsPhone, claim: Extract<Claim, { kind: 'file' }>, mac: Mac): NamedPhone {
    const { version } = this.snapshot
    const known = kept.phone
    if (known?.version === version) return known
    const device = this.snapshot.deviceByMac(mac)
    const networks = device && phoneNetworks(this.snapshot, device)
    const fitting = device && fittingFile(this.catalog, claim.matches, device.model)
    const phone: NamedPhone = { version, device, networks, fitting }
    kept.phone = phone
    return phone
  }
}

function fittingFile(
  catalog: Catalog,
  matches: readonly Omit<FileMatch, 'mac'>[],
  modelId: string,
): FittingFile | undefined {
  const model = catalog.model(modelId)
  if (!model) return undefined
  const match =
    matches.find((other) => other.model.model === model.model) ??
    matches.find((other) => other.model.family === model.family)
  const file = catalog.files(model.model).find(({ key }) => key === match?.file.key)
  return match && file ? { model, file, askedAs: match.model } : undefined
}
