import { mayUse, type PageAnswer, type PageCall, type Shown } from '../page.js'
import type { WordKey } from '../words/words.js'

/** Pages under “Administration”: the route whose right each needs. */
const ENTRIES: readonly { id: string; path: string; title: WordKey; of: string }[] = [
  { id: 'accounts', path: '/accounts', title: 'accounts.title', of: 'listAdmins' },
  { id: 'roles', path: '/roles', title: 'roles.title', of: 'listRoles' },
  { id: 'audit', path: '/audit', title: 'audit.title', of: 'listAudit' },
  { id: 'bans', path: '/bans', title: 'bans.title', of: 'listBans' },
  { id: 'webhooks', path: '/webhooks', title: 'webhooks.title', of: 'listWebhooks' },
  { id: 'sites', path: '/sites', title: 'sites.title', of: 'addSite' },
]

export type AdminEntry = 'accounts' | 'roles' | 'audit' | 'bans' | 'webhooks' | 'sites'

/** A page of the administration with its own menu: only what the visitor may see. */
export function adminPage(call: PageCall, entry: AdminEntry, shown: Omit<Shown, 'menu'>): PageAnswer {
  const entries = ENTRIES.filter(({ of }) => mayUse(call, of)).map(({ id, path, title }) => ({
    path,
    title: call.words.t(title),
    here: id === entry,
  }))
  return { ...shown, menu: 'admin', data: { ...shown.data, entries } }
}

/** Where “Administration” leads; undefined: nowhere. */
export function adminHome(call: PageCall): string | undefined {
  return ENTRIES.find(({ of }) => mayUse(call, of))?.path
}
