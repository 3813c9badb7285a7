import type { Knex } from 'knex'
import { inWriteTransaction, isUniqueViolation, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { refuseStale } from '../../domain/revision.js'
import { roleExists } from '../role-use-cases.js'
import type { AdminUser } from '../account.js'
import type { Grant } from '../permissions.js'
import type { AccountReads, AccountStore, AccountWrites } from '../store.js'
import {
  linkRow,
  roleRow,
  sessionRow,
  toLink,
  toRole,
  toSession,
  toToken,
  toUser,
  tokenRow,
  userRow,
  type LinkRow,
  type RoleRow,
  type SessionRow,
  type TokenRow,
  type UserRow,
} from './rows.js'

export function createKnexAccountStore(db: Knex): AccountStore {
  const first = async <Row>(query: Knex.QueryBuilder): Promise<Row | undefined> =>
    (await orUnusable(Promise.resolve(query.first()))) as Row | undefined
  const run = async (query: Knex.QueryBuilder): Promise<number> => (await orUnusable(Promise.resolve(query))) as number
  // Whoever only looks does not wait for those who write.
  const touch = async (work: (trx: Knex) => Promise<number>): Promise<void> =>
    void (await orUnusable(inWriteTransaction(db, work, 0)))
  return {
    ...readsOf(db),
    change: (work) => orUnusable(inWriteTransaction(db, (trx) => work(writesOf(trx)))),
    session: async (idHash) => {
      const row = await first<SessionRow>(db('admin_sessions').where({ id_hash: idHash }))
      return row && toSession(row)
    },
    sessions: async (userId) => {
      const query = db('admin_sessions').where({ user_id: userId }).orderBy('created_at', 'desc')
      return ((await orUnusable(Promise.resolve(query))) as SessionRow[]).map(toSession)
    },
    touchSession: async (idHash, lastSeenAt) => {
      await touch(async (trx) => trx('admin_sessions').where({ id_hash: idHash }).update({ last_seen_at: lastSeenAt }))
    },
    endSession: async (idHash) => {
      await run(db('admin_sessions').where({ id_hash: idHash }).delete())
    },
    tokenByHash: async (tokenHash) => {
      const row = await first<TokenRow>(db('admin_tokens').where({ token_hash: tokenHash }))
      return row && toToken(row)
    },
    touchToken: async (id, lastUsedAt) => {
      await touch(async (trx) => trx('admin_tokens').where({ id }).update({ last_used_at: lastUsedAt }))
    },
    takeTotpStep: async (id, step) => {
      const unused = db('admin_users').where({ id }).whereRaw('(totp_step is null or totp_step < ?)', [step])
      return (await run(unused.update({ totp_step: step }))) === 1
    },
    removeExpired: async (now) => {
      for (const table of ['admin_sessions', 'admin_tokens', 'admin_links']) {
        await run(db(table).where('expires_at', '<=', now).delete())
      }
    },
  }
}

function readsOf(db: Knex): AccountReads {
  const users = (select: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<AdminUser[]> =>
    orUnusable(readUsers(db, select))
  const rows = async <Row>(query: Knex.QueryBuilder): Promise<Row[]> =>
    (await orUnusable(Promise.resolve(query))) as Row[]
  return {
    users: () => users((query) => query.orderBy('name')),
    user: async (id) => (await users((query) => query.where({ id })))[0],
    userByLogin: async (login) => {
      const found = await users((query) => query.where({ name: login }).orWhere({ email: login }))
      // Somebody's name may look like another one's address; the name goes first.
      return found.find(({ name }) => name === login) ?? found[0]
    },
    roles: async () => (await rows<RoleRow>(db('admin_roles').orderBy(['name', 'site_id']))).map(toRole),
    tokens: async (userId) => {
      const query = db('admin_tokens').where({ user_id: userId }).orderBy('id', 'desc')
      return (await rows<TokenRow>(query)).map(toToken)
    },
    token: async (id) => (await rows<TokenRow>(db('admin_tokens').where({ id }))).map(toToken)[0],
    link: async (tokenHash) => (await rows<LinkRow>(db('admin_links').where({ token_hash: tokenHash }))).map(toLink)[0],
  }
}

async function readUsers(db: Knex, select: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<AdminUser[]> {
  const rows = (await select(db('admin_users'))) as UserRow[]
  if (rows.length === 0) return []
  const query = db('admin_grants').orderBy(['user_id', 'site_id', 'role'])
  if (rows.length === 1) void query.where({ user_id: rows[0]?.id })
  const byUser = new Map<Id, Grant[]>()
  for (const { user_id: userId, site_id: siteId, role } of (await query) as GrantRow[]) {
    byUser.set(userId, [...(byUser.get(userId) ?? []), { siteId, role }])
  }
  return rows.map((row) => toUser(row, byUser.get(row.id) ?? []))
}

interface GrantRow {
  user_id: Id
  site_id: Id
  role: string
}

function writesOf(trx: Knex.Transaction): AccountWrites {
  const insertGrants = async ({ id, grants }: AdminUser): Promise<void> => {
    const unique = new Map(grants.map((grant) => [`${grant.siteId} ${grant.role}`, grant]))
    const rows = [...unique.values()].map(({ siteId, role }) => ({ user_id: id, site_id: siteId, role }))
    if (rows.length > 0) await trx('admin_grants').insert(rows)
  }
  return {
    ...readsOf(trx),
    insertUser: async (user, change) => {
      await unique(trx('admin_users').insert({ ...userRow(user), updated_at: change.author.at }), adminExists)
      await insertGrants(user)
      await recordChanges(trx, [change])
    },
    replaceUser: async (user, change) => {
      const { id, revision } = user
      const row = { ...userRow(user), revision: revision + 1, updated_at: change.author.at }
      requireOne(await unique(trx('admin_users').where({ id, revision }).update(row), adminExists))
      await trx('admin_grants').where({ user_id: id }).delete()
      await insertGrants(user)
      await recordChanges(trx, [change])
    },
    removeUser: async ({ id }, change) => {
      await trx('admin_users').where({ id }).delete()
      await recordChanges(trx, [change])
    },
    insertRole: async (role, change) => {
      const { at } = change.author
      const row = { ...roleRow(role), created_at: at, updated_at: at }
      await unique(trx('admin_roles').insert(row), () => roleExists(role.name))
      await recordChanges(trx, [change])
    },
    replaceRole: async (role, change) => {
      const { id, revision } = role
      const row = { ...roleRow(role), revision: revision + 1, updated_at: change.author.at }
      requireOne(await trx('admin_roles').where({ id, revision }).update(row))
      await recordChanges(trx, [change])
    },
    removeRole: async ({ id }, change) => {
      await trx('admin_roles').where({ id }).delete()
      await recordChanges(trx, [change])
    },
    insertToken: async (token, change) => {
      await trx('admin_tokens').insert(tokenRow(token))
      await recordChanges(trx, [change])
    },
    removeToken: async ({ id }, change) => {
      await trx('admin_tokens').where({ id }).delete()
      await recordChanges(trx, [change])
    },
    insertLink: async (link, change) => {
      await trx('admin_links')
        .where({ purpose: link.purpose, user_id: link.userId ?? null })
        .delete()
      await trx('admin_links').insert(linkRow(link))
      if (change) await recordChanges(trx, [change])
    },
    removeLink: async (tokenHash) => {
      await trx('admin_links').where({ token_hash: tokenHash }).delete()
    },
    insertSession: async (session, change) => {
      await trx('admin_sessions').insert(sessionRow(session))
      const seen = { last_sign_in_at: session.createdAt }
      await trx('admin_users').where({ id: session.userId }).update(seen)
      await recordChanges(trx, [change])
    },
    endSessions: async (userId, exceptHash) => {
      const query = trx('admin_sessions').where({ user_id: userId })
      if (exceptHash !== undefined) void query.whereNot({ id_hash: exceptHash })
      await query.delete()
    },
    note: (change) => recordChanges(trx, [change]),
  }
}

function requireOne(changed: number): void {
  if (changed !== 1) refuseStale({ id: '', revision: 0 }, { id: '', revision: 1 })
}

async function unique<T>(query: PromiseLike<T>, refusal: () => AppError): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw isUniqueViolation(error) ? refusal() : error
  }
}

function adminExists(): AppError {
  return new AppError('ADMIN_EXISTS', 'there is an admin with this name or e-mail address already', { field: 'name' })
}
