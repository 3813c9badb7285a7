import type { Mac } from '../domain/mac-address.js'
import { groupKey, memberBasis } from './group-names.js'
import { paced, type Pace } from './pace.js'
import type { Existing } from './plan-parts.js'
import { groupBasis } from './plan-groups.js'
import { unnumberedBasis, whoIs } from './plan-unnumbered.js'

/** What a plan took to be so of a person. */
export function personBasis(number: string, { extensions, settings }: Existing): string {
  const one = extensions.get(number)
  return `extension ${number} ${one ? `${one.id}@${one.revision},${settings(one.id).revision}` : '-'}`
}

/** What a plan took to be so of a phone. */
export function phoneBasis(mac: Mac, { devices, foreign, settings }: Existing): string {
  const one = devices.get(mac)
  if (!one) return `phone ${mac} ${foreign.has(mac) ? 'foreign' : '-'}`
  const layers = [settings(one.id, 'device'), ...one.lines.map(({ id }) => settings(id, 'line'))]
  return `phone ${mac} ${one.id}@${one.revision},${one.state},${layers.map(({ revision }) => revision).join()}`
}

/** What changed since a plan was made: "extension 101", "phone 001565aabbcc", "group Sales". */
export async function changedSince(basis: readonly string[], existing: Existing, pace: Pace): Promise<string[]> {
  const changed: string[] = []
  const groups = new Map(existing.places.groups.map((group) => [groupKey(group.name), group]))
  const unnumbered = new Map(existing.unnumbered.map((one) => [whoIs(one.displayName, one.email), one]))
  for await (const was of paced(basis, pace)) {
    if (was.startsWith('unnumbered ')) {
      const who = was.split(' ').slice(2).join(' ')
      if (unnumberedBasis(who, unnumbered.get(who)) !== was) changed.push(who)
      continue
    }
    if (was.startsWith('group ') || was.startsWith('member ')) {
      const key = was.split(' ').slice(2).join(' ')
      const group = groups.get(key)
      if ((was.startsWith('group ') ? groupBasis(key, group, existing) : memberBasis(key, group)) !== was)
        changed.push(`group ${group?.name ?? key}`)
      continue
    }
    const [kind = '', key = ''] = was.split(' ', 2)
    const is = kind === 'extension' ? personBasis(key, existing) : phoneBasis(key as Mac, existing)
    if (is !== was) changed.push(`${kind} ${key}`)
  }
  return changed
}
