import { InvalidArgumentError, type Command } from 'commander'
import type { Acting, AdminUser } from '../accounts/account.js'
import {
  ALL_SITES,
  EVERY_RIGHT,
  PERMISSIONS,
  PERMISSION_NAMES,
  ROLE_NAMES,
  type Permission,
} from '../accounts/permissions.js'
import { generatePassword } from '../extensions/rules.js'
import { systemRandom } from '../domain/edge/system-random.js'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import { actor, withInstallation } from './context.js'
import { numberOption, shownTime, table, type Io, type Report, type Run } from './output.js'

interface CreateOptions {
  role: string
  site?: string
  email?: string
  passwordStdin?: boolean
}

interface TokenOptions {
  scope: Permission[]
  site?: string
  days?: number
  label: string
}

/** Whoever may run commands here may do everything: the key file lies beside the database. */
const acting = (): Acting => ({ actor: actor(), rights: EVERY_RIGHT })

const collectScopes = (text: string, before: Permission[]): Permission[] => {
  if (!Object.hasOwn(PERMISSIONS, text)) {
    throw new InvalidArgumentError(`There are ${PERMISSION_NAMES.join(', ')}.`)
  }
  return [...before, text as Permission]
}

/** `admin create|list|disable|enable|remove|reset-password|reset-totp|token|tokens|revoke-token` */
export function adminCommands(program: Command, io: Io, run: Run): void {
  const admin = program.command('admin').description('who may sign in to the admin page and the API')

  admin
    .command('create <name>')
    .description('add somebody, with a password that is made and shown once')
    .option('--role <role>', `${ROLE_NAMES.join(', ')}, or a role of your own`, 'owner')
    .option('--site <slug>', 'only in this site; default: in all')
    .option('--email <address>', 'signs in as well')
    .option('--password-stdin', 'read the password from standard input')
    .action((name: string, options: CreateOptions) => run(() => create(io, name, options)))

  admin
    .command('list')
    .description('list all admins')
    .action(() => run(() => withInstallation(io, list)))

  for (const [name, enabled, words] of [
    ['disable', false, 'is signed out and cannot sign in any more'],
    ['enable', true, 'may sign in again'],
  ] as const) {
    admin
      .command(`${name} <name>`)
      .description(`the admin ${words}`)
      .action((who: string) =>
        run(() =>
          withInstallation(io, async (installation) => {
            const user = await installation.accounts.update(acting(), who, { enabled })
            return { json: await shown(installation, user), lines: [`${user.name} ${words}.`] }
          }),
        ),
      )
  }

  admin
    .command('remove <name>')
    .description('remove an admin with all sessions and tokens')
    .action((name: string) =>
      run(() =>
        withInstallation(io, async ({ accounts }) => {
          await accounts.remove(acting(), name)
          return { json: { removed: name }, lines: [`${name} is removed.`] }
        }),
      ),
    )

  admin
    .command('reset-password <name>')
    .description('a new password, shown once; ends all sessions')
    .option('--password-stdin', 'read the password from standard input')
    .action((name: string, options: Pick<CreateOptions, 'passwordStdin'>) =>
      run(() =>
        withInstallation(io, async ({ accounts }) => {
          const password = (await accounts.resetPassword(acting(), name, await givenPassword(io, options))).reveal()
          return { json: { name, password }, lines: [`Password of ${name}: ${password}`] }
        }),
      ),
    )

  admin
    .command('reset-totp <name>')
    .description('take the authenticator app away')
    .action((name: string) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const user = await installation.accounts.resetTotp(acting(), name)
          return { json: await shown(installation, user), lines: [`${user.name} signs in without a code.`] }
        }),
      ),
    )

  admin
    .command('token <name>')
    .description('a token for the API, shown once; it acts as this admin')
    .option('--scope <permission>', 'may do no more than this; may be repeated', collectScopes, [])
    .option('--site <slug>', 'only in this site')
    .option('--days <n>', 'good for so many days', numberOption, 90)
    .option('--label <text>', 'what it is for', 'command line')
    .action((name: string, options: TokenOptions) => run(() => token(io, name, options)))

  admin
    .command('tokens <name>')
    .description('list the tokens of an admin')
    .action((name: string) => run(() => withInstallation(io, (installation) => tokens(installation, name))))

  admin
    .command('revoke-token <id>')
    .description('a token ends at once')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async ({ accounts }) => {
          await accounts.revokeToken(acting(), id)
          return { json: { revoked: id }, lines: [`Token ${id} is revoked.`] }
        }),
      ),
    )
}

async function givenPassword(io: Io, { passwordStdin }: { passwordStdin?: boolean }): Promise<string | undefined> {
  return passwordStdin ? (await io.readInput()).replace(/\r?\n$/, '') : undefined
}

/** The id behind a short name; all sites without one. Throws SITE_NOT_FOUND. */
async function siteIdOf({ sites }: Installation, slug: string | undefined): Promise<string> {
  if (slug === undefined) return ALL_SITES
  const site = (await sites.list()).find((one) => one.slug === slug)
  if (!site) throw new AppError('SITE_NOT_FOUND', `there is no site "${slug.slice(0, 40)}"`, { field: 'site' })
  return site.id
}

async function create(io: Io, name: string, options: CreateOptions): Promise<Report> {
  const given = await givenPassword(io, options)
  return withInstallation(io, async (installation) => {
    const password = given ?? generatePassword(systemRandom)
    const siteId = await siteIdOf(installation, options.site)
    const user = await installation.accounts.create(acting(), {
      name,
      email: options.email,
      password,
      grants: [{ siteId, role: options.role }],
    })
    const made = given === undefined ? { password } : {}
    return {
      json: { ...(await shown(installation, user)), ...made },
      lines: [`${user.name} is added as ${options.role}.`, ...(given === undefined ? [`Password: ${password}`] : [])],
    }
  })
}

async function shown({ sites }: Installation, user: AdminUser): Promise<Record<string, unknown>> {
  const slugs = new Map((await sites.list()).map(({ id, slug }) => [id, slug]))
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    enabled: user.enabled,
    roles: user.grants.map(({ siteId, role }) => ({
      role,
      ...(siteId === ALL_SITES ? {} : { site: slugs.get(siteId) ?? siteId }),
    })),
    totp: user.totpConfirmed,
    lastSignIn: shownTime(user.lastSignInAt),
  }
}

async function list(installation: Installation): Promise<Report> {
  const users = await installation.accounts.list(acting())
  const described = await Promise.all(users.map((user) => shown(installation, user)))
  return {
    json: described,
    lines: table(
      ['NAME', 'E-MAIL', 'ROLES', 'STATE', 'CODE', 'LAST SIGN-IN'],
      users.map((user) => [
        user.name,
        user.email,
        user.grants.map(({ role }) => role).join(' '),
        user.enabled ? 'enabled' : 'disabled',
        user.totpConfirmed ? 'app' : 'none',
        shownTime(user.lastSignInAt) ?? 'never',
      ]),
    ),
  }
}

async function token(io: Io, name: string, { scope, site, days, label }: TokenOptions): Promise<Report> {
  return withInstallation(io, async (installation) => {
    const siteId = await siteIdOf(installation, site)
    const made = await installation.accounts.createToken(acting(), name, {
      label,
      days,
      ...(scope.length > 0 ? { scopes: scope } : {}),
      ...(siteId === ALL_SITES ? {} : { siteId }),
    })
    const text = made.token.reveal()
    const { id, expiresAt } = made.record
    return {
      json: { token: text, id, label, scopes: made.record.scopes, expiresAt: shownTime(expiresAt) },
      lines: [`Token: ${text}`, `It is good until ${shownTime(expiresAt) ?? ''} and not shown again.`],
    }
  })
}

async function tokens({ accounts }: Installation, name: string): Promise<Report> {
  const found = await accounts.tokens(acting(), name)
  return {
    json: found.map(({ id, label, scopes, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      label,
      scopes,
      created: shownTime(createdAt),
      expires: shownTime(expiresAt),
      lastUsed: shownTime(lastUsedAt),
    })),
    lines: table(
      ['ID', 'LABEL', 'SCOPES', 'EXPIRES', 'LAST USED'],
      found.map(({ id, label, scopes, expiresAt, lastUsedAt }) => [
        id,
        label,
        scopes?.join(' ') ?? 'all',
        shownTime(expiresAt),
        shownTime(lastUsedAt) ?? 'never',
      ]),
    ),
  }
}
