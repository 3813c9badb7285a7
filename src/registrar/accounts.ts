import type { Millis } from '../domain/clock.js'
import type { Binding, Id, Site } from '../domain/entities.js'
import type { DigestAlgorithm } from '../sip/digest.js'

/** Somebody who may register: a line of a device, or an extension by its own password. */
export interface DigestAccount {
  readonly username: string
  readonly extensionId: Id
  /** The only address of record it may register: this number in its site's domain. */
  readonly number: string
  /** Line or softphone; undefined: the extension's own credentials. */
  readonly lineId?: Id
  /** Most bindings of the address of record; undefined: the registrar's default. */
  readonly maxContacts?: number
  /** As `maxContacts`, and before it; asked for a binding that is new only. Left out: none. */
  readonly limit?: () => number | undefined
  /** Bindings that count against it: softphones and desk phones are counted apart. Left out: all. */
  readonly countsWith?: (binding: Pick<Binding, 'lineId'>) => boolean
  /** May it register from this address? Left out: from any. */
  readonly mayComeFrom?: (address: string) => boolean
  /** HA1 of RFC 7616 for this realm, hex. Computed at need; undefined when the password cannot be opened. */
  ha1(algorithm: DigestAlgorithm, realm: string): string | undefined
  /** The password before, while it is good: until the phone has used the new one. */
  readonly former?: Pick<DigestAccount, 'ha1' | 'passwordMark'> & { readonly until: Millis }
  /** See Binding.passwordMark. */
  passwordMark(realm: string): string | undefined
}

/** Where the registrar looks people up. Answers at once, from memory. */
export interface Accounts {
  /** Undefined for unknown, disabled, revoked. */
  findDigestUser(siteId: Id, username: string): DigestAccount | undefined
  /**
   * Somebody's account, another one each time: a wrong password is tried against it when there is no such user, so that
   * the answer takes as long, and comes to nothing whatever it proves. Undefined when there is none.
   */
  standIn(): DigestAccount | undefined
  /**
   * May whoever made this binding still have it? False once the extension or line is gone, disabled or moved, has
   * another password, or may not come from where it is.
   */
  mayKeep(binding: Pick<Binding, 'aor' | 'extensionId' | 'lineId' | 'passwordMark' | 'received'>): boolean
}

/** The tenants the registrar serves. */
export interface Sites {
  /** The site with this SIP domain (lower case), if any. */
  byDomain(domain: string): Site | undefined
  /** Owner of every address that no domain gives to another site. */
  defaultSite(): Site
}

/** Domain of the addresses of record of a site, and its digest realm: one fixed value per site (decision 12). */
export function siteRealm(site: Pick<Site, 'sipDomain'>): string {
  return site.sipDomain ?? 'phoneboot'
}
