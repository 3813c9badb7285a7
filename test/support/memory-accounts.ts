import type { Site } from '../../src/domain/entities.js'
import { Secret } from '../../src/domain/secret.js'
import type { Accounts, DigestAccount, Sites } from '../../src/registrar/accounts.js'
import { computeHa1 } from '../../src/sip/digest.js'

/** Somebody who may register in a test. */
export interface TestAccount {
  username: string
  password: string
  number: string
  lineId?: string
  maxContacts?: number
  mayComeFrom?: (address: string) => boolean
  former?: { password: string; until: number }
}

/** Accounts and one site, in a map that a test may change while the registrar runs. */
export class MemoryAccounts implements Accounts, Sites {
  readonly accounts = new Map<string, TestAccount>()

  constructor(
    accounts: readonly TestAccount[],
    private readonly sipDomain?: string,
  ) {
    for (const account of accounts) this.accounts.set(account.username, account)
  }

  defaultSite(): Site {
    const site: Site = { id: 'site1', slug: 'main', name: 'Main', revision: 1 }
    return this.sipDomain === undefined ? site : { ...site, sipDomain: this.sipDomain }
  }

  byDomain(domain: string): Site | undefined {
    return domain === this.sipDomain ? this.defaultSite() : undefined
  }

  mayKeep({ aor, lineId, passwordMark }: Parameters<Accounts['mayKeep']>[0]): boolean {
    return [...this.accounts.values()].some(
      ({ number, password, ...one }) =>
        aor.startsWith(`${number}@`) && one.lineId === lineId && [password, undefined].includes(passwordMark),
    )
  }

  standIn(): DigestAccount | undefined {
    const [some] = this.accounts.keys()
    return some === undefined ? undefined : this.findDigestUser('site1', some)
  }

  findDigestUser(_siteId: string, username: string): DigestAccount | undefined {
    const account = this.accounts.get(username)
    if (!account) return undefined
    const { password, lineId, maxContacts, mayComeFrom, number, former } = account
    return {
      username,
      number,
      extensionId: `ext-${number}`,
      ha1: (algorithm, realm) => computeHa1(algorithm, username, realm, new Secret(password)),
      passwordMark: () => password,
      ...(lineId === undefined ? {} : { lineId }),
      ...(mayComeFrom ? { mayComeFrom } : {}),
      ...(former
        ? {
            former: {
              until: former.until,
              ha1: (algorithm, realm) => computeHa1(algorithm, username, realm, new Secret(former.password)),
              passwordMark: () => former.password,
            },
          }
        : {}),
      ...(maxContacts === undefined ? {} : { maxContacts }),
    }
  }
}
