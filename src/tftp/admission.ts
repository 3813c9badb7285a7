import { addressFamily } from '../network/address.js'

/** How many transfers may be live at once. `unproved`: the client has not answered yet, so its address may be forged. */
export interface AdmissionLimits {
  overall: number
  perAddress: number
  unprovedPerAddress: number
  /** IPv4: the /24 of the address; IPv6: its /64. */
  unprovedPerNetwork: number
}

const DEFAULT_LIMITS: AdmissionLimits = {
  overall: 2000,
  perAddress: 64,
  unprovedPerAddress: 16,
  // A whole /24 of phones that is powered on at once is still served.
  unprovedPerNetwork: 256,
}

/** Which limit a request would go over. */
export type Refusal = 'overall' | 'address' | 'unproved-address' | 'unproved-network'

/** One admitted transfer, to be proved and ended. */
export interface Admitted {
  readonly address: string
  proved: boolean
}

/** Counts live transfers and says whether one more fits. A refusal changes nothing and keeps nothing. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #perAddress = new Map<string, number>()
  readonly #unprovedPerAddress = new Map<string, number>()
  readonly #unprovedPerNetwork = new Map<string, number>()
  #live = 0

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  /** Transfers that are under way. */
  get live(): number {
    return this.#live
  }

  /** @param isUnlimited the address has no limits of its own; the overall one holds for all */
  refusalOf(address: string, isUnlimited: (address: string) => boolean): Refusal | undefined {
    const { overall, perAddress, unprovedPerAddress, unprovedPerNetwork } = this.#limits
    if (this.#live >= overall) return 'overall'
    const over =
      (this.#unprovedPerNetwork.get(networkOf(address)) ?? 0) >= unprovedPerNetwork
        ? 'unproved-network'
        : (this.#unprovedPerAddress.get(address) ?? 0) >= unprovedPerAddress
          ? 'unproved-address'
          : (this.#perAddress.get(address) ?? 0) >= perAddress
            ? 'address'
            : undefined
    return over !== undefined && isUnlimited(address) ? undefined : over
  }

  begin(address: string): Admitted {
    this.#live += 1
    add(this.#perAddress, address, 1)
    this.#countUnproved(address, 1)
    return { address, proved: false }
  }

  /** The client has answered. */
  prove(admitted: Admitted): void {
    if (admitted.proved) return
    admitted.proved = true
    this.#countUnproved(admitted.address, -1)
  }

  end(admitted: Admitted): void {
    this.prove(admitted)
    this.#live -= 1
    add(this.#perAddress, admitted.address, -1)
  }

  #countUnproved(address: string, by: 1 | -1): void {
    add(this.#unprovedPerAddress, address, by)
    add(this.#unprovedPerNetwork, networkOf(address), by)
  }
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

/**
 * The /24 of an IPv4 address, the /64 of an IPv6 address, as a key.
 * @param address normalised: IPv4 in four parts, IPv6 as RFC 5952 has it
 */
export function networkOf(address: string): string {
  return addressFamily(address) === 4 ? address.slice(0, address.lastIndexOf('.')) : firstGroups(address)
}

function firstGroups(address: string): string {
  const [before = '', after] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  if (after === undefined || head.length >= 4) return head.slice(0, 4).join(':')
  const tail = after === '' ? [] : after.split(':')
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
