import type { AdminUser } from '../accounts/account.js'
import { ROLE_SETTING } from '../bulk/value-questions.js'
import type { Id } from '../domain/entities.js'
import type { ListedSnapshot } from '../snapshot/snapshot.js'

export interface ProposedAccount {
  readonly number: string
  readonly name: string
  /** Name to sign in with, as far as the import told one. */
  readonly login: string
  readonly email?: string
  readonly role: string
}

/** People for whom an import named a role and who have no account yet, by number; an account is known by its name and e-mail address. */
export function proposedAccounts(
  snapshot: Pick<ListedSnapshot, 'allExtensions' | 'layer'>,
  siteId: Id,
  users: readonly Pick<AdminUser, 'name' | 'email'>[],
): ProposedAccount[] {
  const taken = new Set(users.flatMap(({ name, email }) => [name, ...(email === undefined ? [] : [email])]))
  const found: ProposedAccount[] = []
  for (const { id, siteId: site, number, displayName: name, email } of snapshot.allExtensions()) {
    if (site !== siteId) continue
    const { values } = snapshot.layer('extension', id)
    const role = values.get(ROLE_SETTING)
    if (typeof role !== 'string' || role === '') continue
    const given = values.get('clientLoginName')
    const login = typeof given === 'string' ? given.toLowerCase() : ''
    if ([login, email?.toLowerCase()].some((one) => one !== undefined && one !== '' && taken.has(one))) continue
    found.push({ number, name, login, ...(email === undefined ? {} : { email }), role })
  }
  return found.sort((a, b) => (a.number < b.number ? -1 : 1))
}
