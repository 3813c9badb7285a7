import type { PhoneAccount, PhoneKey, PhoneTraits } from './account.js'
import type { Entry } from './entry.js'
import { grandstreamAccounts, grandstreamKeys } from './grandstream-account.js'
import { snomAccounts, snomKeys } from './snom-account.js'
import { yealinkAccounts, yealinkKeys } from './yealink-account.js'

export type { PhoneAccount, PhoneKey, PhoneTraits } from './account.js'

export type PhoneVendor = 'yealink' | 'snom' | 'grandstream'

/**
 * The accounts that a phone of this vendor would have after loading these entries (of several files: all of them, in
 * the order of loading), by index; switched-off ones included. This is the vendors' rules a second time, on purpose:
 * it shares nothing with the templates.
 */
export function accountsOf(vendor: PhoneVendor, entries: readonly Entry[], traits: PhoneTraits = {}): PhoneAccount[] {
  switch (vendor) {
    case 'yealink':
      return yealinkAccounts(entries, traits)
    case 'snom':
      return snomAccounts(entries)
    case 'grandstream':
      return grandstreamAccounts(entries)
  }
}

/** The keys that do something, in the order of the file (Grandstream: by bank and position). */
export function keysOf(vendor: PhoneVendor, entries: readonly Entry[]): PhoneKey[] {
  switch (vendor) {
    case 'yealink':
      return yealinkKeys(entries)
    case 'snom':
      return snomKeys(entries)
    case 'grandstream':
      return grandstreamKeys(entries)
  }
}
