import { AppError } from '../domain/errors.js'
import { formatMac, type Mac } from '../domain/mac-address.js'
import type { PhoneVendor } from '../readers/phone-account.js'

/** How a phone of some model behaves on the network when it boots: the client's side of provisioning. */
export interface SimulatedModel {
  /** Id as in the catalog, for example `yealink/t21p-e2`. */
  readonly id: string
  readonly vendor: PhoneVendor
  /** As the phone writes itself into file names and User-Agents. */
  readonly token: string
  readonly firmware: string
  /** Yealink: digits of its common file, `y0000000000NN.cfg`. */
  readonly commonFile?: string
  /** Yealink V81 and later: `.boot` files come first. */
  readonly asksBootFiles?: boolean
  /** First 6 or 8 hexadecimal digits of MAC addresses of this model, for generated phones. */
  readonly macPrefix: string
  httpUserAgent(mac: Mac): string
  readonly sipUserAgent: string
}

function yealink(name: string, token: string, commonFile: string, firmware: string): SimulatedModel {
  return {
    id: `yealink/${name}`,
    vendor: 'yealink',
    token,
    firmware,
    commonFile: `y0000000000${commonFile}.cfg`,
    asksBootFiles: yealinkGeneration(firmware) >= 81,
    macPrefix: token.endsWith('_E2') ? '805ec0' : '001565',
    httpUserAgent: (mac) => `Yealink SIP-${token} ${firmware} ${formatMac(mac)}`,
    sipUserAgent: `Yealink SIP-${token} ${firmware}`,
  }
}

/** Second number of a Yealink firmware version: 84 of 52.84.0.125. */
export function yealinkGeneration(firmware: string): number {
  return Number(firmware.split('.')[1])
}

/** The line of 10.1.33 and of 10.1.54; from 10.1.169 a build date in parentheses stands inside. */
const SNOM_BOOT_LOADER = { early: '2010.12-00004-g9ba52f5', late: '2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43)' }

function snom(token: string, macPrefix: string, firmware: string): SimulatedModel {
  const isLate = Number(firmware.split('.')[2]) >= 169
  const boot = isLate ? SNOM_BOOT_LOADER.late : SNOM_BOOT_LOADER.early
  const modules = isLate ? 'SXM:0 UXM:0 UXMC:0' : 'SXM:0 UXM:0'
  return {
    id: `snom/${token.toLowerCase()}`,
    vendor: 'snom',
    token: `snom${token}`,
    firmware,
    macPrefix,
    httpUserAgent: (mac) =>
      `Mozilla/4.0 (compatible; snom${token}-SIP ${firmware} ${boot} ${mac.toUpperCase()} ${modules})`,
    sipUserAgent: `snom${token}/${firmware}`,
  }
}

function grandstream(token: string, firmware: string): SimulatedModel {
  return {
    id: `grandstream/${token.toLowerCase()}`,
    vendor: 'grandstream',
    token: token.toLowerCase(),
    firmware,
    macPrefix: 'c074ad',
    httpUserAgent: (mac) => `Grandstream Model HW ${token} SW ${firmware} DevId ${mac}`,
    sipUserAgent: `Grandstream ${token} ${firmware}`,
  }
}

/**
 * User-Agents are samples seen of the model or of its nearest sibling; MAC prefixes are blocks the vendor uses.
 * Sources: guides and provisioning servers named in docs/how-a-phone-boots.md.
 */
const MODELS: readonly SimulatedModel[] = [
  yealink('t19p', 'T19P', '31', '31.72.0.75'),
  yealink('t19p-e2', 'T19P_E2', '53', '53.84.0.125'),
  yealink('t21p', 'T21P', '34', '34.72.0.75'),
  yealink('t21p-e2', 'T21P_E2', '52', '52.84.0.125'),
  yealink('t28p', 'T28P', '00', '2.73.0.50'),
  snom('D120', '00041382', '10.1.54.13'),
  snom('D305', '00041383', '10.1.33.33'),
  snom('D315', '00041384', '10.1.33.33'),
  snom('D335', '000413a4', '10.1.33.33'),
  snom('D345', '00041385', '10.1.33.33'),
  snom('D375', '00041391', '10.1.33.33'),
  snom('D385', '00041393', '10.1.33.33'),
  snom('D712', '00041388', '10.1.169.16'),
  // No block of this model is published: the vendor's own.
  snom('D713', '000413', '10.1.169.16'),
  snom('D717', '000413a6', '10.1.169.16'),
  snom('D735', '000413a3', '10.1.169.16'),
  snom('D745', '0004138c', '10.1.169.16'),
  snom('D765', '00041390', '10.1.169.16'),
  snom('D785', '00041392', '10.1.169.16'),
  snom('715', '00041375', '10.1.33.33'),
  snom('725', '00041378', '10.1.33.33'),
  ...['GXP1610', 'GXP1615', 'GXP1620', 'GXP1625', 'GXP1628', 'GXP1630'].map((token) => grandstream(token, '1.0.4.138')),
  ...['GXP1760', 'GXP1780', 'GXP1782'].map((token) => grandstream(token, '1.0.1.8')),
  ...['GXP2130', 'GXP2135', 'GXP2140', 'GXP2160', 'GXP2170'].map((token) => grandstream(token, '1.0.11.85')),
  ...['GRP2612', 'GRP2613', 'GRP2614', 'GRP2615', 'GRP2616'].map((token) => grandstream(token, '1.0.5.15')),
]

export const SIMULATED_MODELS: ReadonlyMap<string, SimulatedModel> = new Map(MODELS.map((model) => [model.id, model]))

/** @throws AppError MODEL_UNKNOWN, with the models the simulator knows. */
export function requireModel(id: string): SimulatedModel {
  const model = SIMULATED_MODELS.get(id)
  if (model) return model
  throw new AppError('MODEL_UNKNOWN', `The simulator does not know the model ${id}`, {
    field: 'model',
    hint: `One of ${[...SIMULATED_MODELS.keys()].join(', ')}`,
  })
}

/** The n-th MAC address (from 0) of generated phones of a model. The same n gives the same address. */
export function generatedMac(model: SimulatedModel, n: number): Mac {
  const digits = 12 - model.macPrefix.length
  return (model.macPrefix + (n + 1).toString(16).padStart(digits, '0').slice(-digits)) as Mac
}
