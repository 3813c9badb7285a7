import type { Reader } from './entry.js'
import { readGrandstreamXml } from './grandstream-xml.js'
import { readGrandstreamPhonebook, readSnomDirectory, readYealinkPhonebook } from './phonebook-xml.js'
import { readSnomXml } from './snom-xml.js'
import { readYealinkCfg } from './yealink-cfg.js'

export type { Entry, Reader } from './entry.js'

export type ReaderName =
  'yealink-cfg' | 'snom-xml' | 'grandstream-xml' | 'yealink-phonebook' | 'snom-directory' | 'grandstream-phonebook'

/** The readers by the name a phone family's manifest gives. */
export const READERS: Readonly<Record<ReaderName, Reader>> = {
  'yealink-cfg': readYealinkCfg,
  'snom-xml': readSnomXml,
  'grandstream-xml': readGrandstreamXml,
  'yealink-phonebook': readYealinkPhonebook,
  'snom-directory': readSnomDirectory,
  'grandstream-phonebook': readGrandstreamPhonebook,
}
