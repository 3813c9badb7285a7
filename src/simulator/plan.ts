import { AppError } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import { loopbackAddress } from './addresses.js'
import { generatedMac, SIMULATED_MODELS, type SimulatedModel } from './models.js'

/** A phone that exists: out of the database, a file, or made up. */
export interface PlannedDevice {
  /** Catalog id. */
  readonly model: string
  readonly mac: Mac
}

/** The same phone, with how it reaches the server. */
export interface PlannedPhone extends PlannedDevice {
  readonly transport: 'http' | 'tftp'
  readonly localAddress?: string
}

/**
 * `count` made-up phones, the models in turn. The same arguments give the same MAC addresses.
 * @throws AppError MODEL_UNKNOWN
 */
export function generateDevices(count: number, models: readonly string[]): PlannedDevice[] {
  const known = models.map(requireModel)
  return Array.from({ length: count }, (_, n) => known[n % known.length])
    .filter((model) => model !== undefined)
    .map((model, n) => ({ model: model.id, mac: generatedMac(model, n) }))
}

/**
 * Spreads phones over HTTP and TFTP.
 * @param tftpShare 0 to 1; spread evenly, not the first ones
 * @param ownAddresses each phone gets a loopback address of its own; false: the system chooses one
 */
export function planPhones(
  devices: readonly PlannedDevice[],
  tftpShare: number,
  ownAddresses: boolean,
): readonly PlannedPhone[] {
  return devices.map((device, n) => ({
    model: device.model,
    mac: device.mac,
    transport: Math.floor((n + 1) * tftpShare) > Math.floor(n * tftpShare) ? 'tftp' : 'http',
    ...(ownAddresses && { localAddress: loopbackAddress(n) }),
  }))
}

/** @throws AppError MODEL_UNKNOWN, with the models the simulator knows. */
export function requireModel(id: string): SimulatedModel {
  const model = SIMULATED_MODELS.get(id)
  if (model) return model
  throw new AppError('MODEL_UNKNOWN', `The simulator does not know the model ${id}`, {
    field: 'model',
    hint: `One of ${[...SIMULATED_MODELS.keys()].join(', ')}`,
  })
}
