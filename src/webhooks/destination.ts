import ipaddr from 'ipaddr.js'
import { normaliseAddress } from '../network/address.js'
import { parseNetworks, type Networks } from '../network/trust.js'

/**
 * Networks that webhooks may call beside public addresses, where the operator names none: those of the company and this
 * machine. Never link-local ones: there the clouds give machines their passwords.
 */
const USUAL = '127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7'
/** The same service of a cloud under an address of its own (Amazon EC2, instance metadata). */
const METADATA = 'fd00:ec2::254'

/** May this address be called? Asked for each connection, after the name was looked up. */
export type MayCall = (address: string) => boolean

/** @throws AppError CONFIG_INVALID */
export function callableNetworks(setting: string | undefined): MayCall {
  const field = 'PHONEBOOT_WEBHOOK_NETWORKS'
  const networks: Networks = parseNetworks(setting ?? USUAL, field)
  return (address) => {
    const plain = normaliseAddress(address)
    if (plain === undefined) return false
    if (setting === undefined && plain === METADATA) return false
    return ipaddr.parse(plain).range() === 'unicast' || networks.contains(plain)
  }
}
