import type { Command } from 'commander'
import { layOutKeys } from '../catalog/key-bank.js'
import { NO_MODULES, withModules } from '../catalog/key-modules.js'
import type { LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { groupNamesOf } from '../extensions/groups.js'
import type { KeyInput } from '../extensions/keys.js'
import { isWeakPassword } from '../extensions/rules.js'
import { personSearch } from '../extensions/search.js'
import { describeExtension, type ExtensionInput } from '../extensions/draft.js'
import { readKeyCell } from '../bulk/key-cell.js'
import type { Installation } from '../installation.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import { layoutOfPhone, shownLayout } from './key-layout.js'
import { table, type Io, type Report, type Run } from './output.js'
import { removedCommands } from './removed.js'
import { unnumberedCommands } from './unnumbered.js'

interface PasswordOptions {
  password?: string
  passwordStdin?: boolean
}

/** `extension add|list|show|update|keys|remove|duplicate|renumber|removed|restore|reset-password|groups` */
export function extensionCommands(program: Command, io: Io, run: Run): void {
  const extension = program.command('extension').description('people and rooms that can be called')

  extension
    .command('add <number>')
    .description('add an extension')
    .requiredOption('--name <name>', 'full name, shown on phones')
    .option('--email <address>')
    .option('--password <password>', 'own SIP password; visible in the process list, better --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .option('--auth-user <name>', 'SIP user name; made as the setting sipUserNames says when absent')
    .action((number: string, options: PasswordOptions & { name: string; email?: string; authUser?: string }) =>
      run(() => add(io, { number, name: options.name, email: options.email, authUser: options.authUser }, options)),
    )

  extension
    .command('list')
    .description('list all extensions')
    .option(
      '--search <text>',
      'only those whose number, name, e-mail address or mobile number holds this, in any alphabet',
    )
    .action(({ search }: { search?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const all = await installation.extensions.list()
          const found = search === undefined ? all : await searched(installation, all, search)
          return {
            json: found.map(describeExtension),
            lines: table(
              ['NUMBER', 'NAME', 'E-MAIL', 'KEYS'],
              found.map(({ number, displayName, email, keys }) => [number, displayName, email, keys.length]),
            ),
          }
        }),
      ),
    )

  extension
    .command('show <number>')
    .description('show an extension and where it is used')
    .option('--show-password', 'with its own SIP password; kept in the audit log')
    .action((number: string, options: { showPassword?: boolean }) =>
      run(() => show(io, number, options.showPassword ?? false)),
    )

  extension
    .command('update <number>')
    .description('change name or e-mail')
    .option('--name <name>')
    .option('--email <address>', "'' takes it away")
    .action((number: string, changes: { name?: string; email?: string }) =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          const changed = await extensions.update(actor(), number, changes)
          return { json: describeExtension(changed), lines: [`Extension ${changed.number} is ${changed.displayName}.`] }
        }),
      ),
    )

  extension
    .command('groups <number> [group...]')
    .description('groups that a person is in, the strongest first; without any, show them')
    .option('--none', 'take the person out of all')
    .action((number: string, names: string[], { none = false }: { none?: boolean }) =>
      run(() => groups(io, number, names, none)),
    )

  extension
    .command('keys <number> [key...]')
    .description(
      "set a person's keys in order, each kind:value:label, for example blf:102:Bob; none clears them; without any, show where they land",
    )
    .option('--model <model>', 'show them as they would be on this model')
    .option('--lock <places>', "places the person cannot change on the own page, for example 1,3; '' frees all")
    .action((number: string, cells: string[], { model, lock }: { model?: string; lock?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          if (cells.length === 0 && lock === undefined) return layoutOfPerson(installation, number, model)
          const { extension: before } = await installation.extensions.show(number)
          const locked = lock === undefined ? lockedOf(before.keys) : placesIn(lock)
          const given: readonly KeyInput[] = cells.length === 0 ? before.keys : keysIn(cells)
          const keys = given.map((key) => ({ ...key, locked: locked.has(key.position) }))
          const changed = await installation.extensions.setKeys(actor(), number, keys)
          return { json: describeExtension(changed), lines: [`Extension ${changed.number} has ${keys.length} key(s).`] }
        }),
      ),
    )

  extension
    .command('remove <number>')
    .description('remove an extension')
    .option('--force', 'also take it off phones and keys of others')
    .action((number: string, { force = false }: { force?: boolean }) =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          await extensions.remove(actor(), number, { force })
          return { json: { removed: number }, lines: [`Extension ${number} is removed.`] }
        }),
      ),
    )

  extension
    .command('duplicate <number> <new-number>')
    .description('add somebody with the same keys and settings')
    .requiredOption('--name <name>', 'full name, shown on phones')
    .option('--email <address>')
    .action((number: string, to: string, options: { name: string; email?: string }) =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          const { extension: made, password } = await extensions.duplicate(actor(), number, { number: to, ...options })
          return {
            json: { ...describeExtension(made), authUser: made.authUsername, password: password.reveal() },
            lines: [`Extension ${made.number} (${made.displayName}) is added, like ${number}.`],
          }
        }),
      ),
    )

  extension
    .command('renumber <number> <new-number>')
    .description('give a person another number; keys and forwards of others follow')
    .action((number: string, to: string) =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          const changed = await extensions.renumber(actor(), number, to)
          return { json: describeExtension(changed), lines: [`Extension ${number} is ${changed.number} now.`] }
        }),
      ),
    )

  removedCommands(extension, io, run)
  unnumberedCommands(extension, io, run)

  extension
    .command('reset-password <number>')
    .description('set a new own SIP password; lines of phones keep theirs')
    .option('--password <password>', 'visible in the process list, better --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .action((number: string, options: PasswordOptions) =>
      run(async () => {
        const given = await passwordFrom(io, options)
        return withInstallation(io, async ({ extensions }) => {
          const password = await extensions.resetPassword(actor(), number, given)
          return {
            json: { number, password: password.reveal() },
            lines: [`Password of ${number}: ${password.reveal()}`, ...weakness(given, number)],
          }
        })
      }),
    )
}

/** Keys in order, from cells such as `blf:102:Bob`; `none` is none. Throws KEY_INVALID. */
export function keysIn(cells: readonly string[]): KeyInput[] {
  return cells
    .filter((cell) => cell !== 'none')
    .map((cell, index) => ({ position: index + 1, ...requireKeyCell(cell) }))
}

/** Those of them who are meant by what was typed. */
async function searched(
  installation: Installation,
  all: readonly ExtensionRecord[],
  typed: string,
): Promise<ExtensionRecord[]> {
  const snapshot = await readSnapshot(installation)
  const fits = personSearch(typed)
  return all.filter((one) => fits(one, snapshot.layer('extension', one.id).values))
}

/** On the person's first phone, or on a model. Throws MODEL_UNKNOWN. */
async function layoutOfPerson(
  installation: Installation,
  number: string,
  modelId: string | undefined,
): Promise<Report> {
  const { extension, uses } = await installation.extensions.show(number)
  for (const { mac } of uses.lines) {
    const { lines } = await installation.devices.show(mac)
    if (lines[0]?.extensionId === extension.id) return layoutOfPhone(installation, mac, modelId)
  }
  const model = modelId === undefined ? undefined : installation.catalog.model(modelId)
  if (!model) {
    const what = modelId === undefined ? `${number} is on line 1 of no phone` : `there is no model ${modelId}`
    throw new AppError('MODEL_UNKNOWN', what, { field: 'model', hint: 'Name one: --model yealink/t21p-e2' })
  }
  const bare = withModules(model, NO_MODULES)
  return shownLayout(bare, layOutKeys(bare, [1], extension.keys, []))
}

function lockedOf(keys: readonly LineKey[]): ReadonlySet<number> {
  return new Set(keys.flatMap(({ position, locked }) => (locked ? position : [])))
}

/** `1,3` as places. Throws USAGE. */
function placesIn(list: string): ReadonlySet<number> {
  const places = list.split(',').filter((text) => text.trim() !== '')
  const wrong = places.find((text) => !/^\s*[1-9]\d{0,3}\s*$/.test(text))
  if (wrong !== undefined) throw new AppError('USAGE', `--lock ${wrong}: write places of keys such as 1,3`)
  return new Set(places.map(Number))
}

/** A cell such as `blf:102:Bob`. Throws KEY_INVALID. */
export function requireKeyCell(cell: string): ReturnType<typeof readKeyCell> & object {
  const key = readKeyCell(cell)
  if (typeof key === 'string') throw new AppError('KEY_INVALID', key, { field: 'key' })
  return key
}

async function passwordFrom(io: Io, { password, passwordStdin }: PasswordOptions): Promise<string | undefined> {
  if (!passwordStdin) return password
  return (await io.readInput()).replace(/\r?\n$/, '')
}

function weakness(password: string | undefined, number: string): string[] {
  return password !== undefined && isWeakPassword(password, number) ? ['Warning: this password is easy to guess.'] : []
}

async function add(io: Io, input: ExtensionInput, options: PasswordOptions): Promise<Report> {
  const given = await passwordFrom(io, options)
  return withInstallation(io, async ({ extensions }) => {
    const { extension, password } = await extensions.add(actor(), { ...input, password: given })
    return {
      json: { ...describeExtension(extension), authUser: extension.authUsername, password: password.reveal() },
      lines: [
        `Extension ${extension.number} (${extension.displayName}) is added.`,
        `For a manual set-up: user ${extension.authUsername}, password ${password.reveal()}`,
        ...weakness(given, extension.number),
      ],
    }
  })
}

async function groups(io: Io, number: string, names: readonly string[], none: boolean): Promise<Report> {
  return withInstallation(io, async (installation) => {
    const { extensions } = installation
    const { extension } =
      names.length > 0 || none
        ? { extension: await extensions.setGroups(actor(), number, none ? [] : names) }
        : await extensions.show(number)
    const found = groupNamesOf(await installation.groups.list(), extension)
    const lines = found.length === 0 ? ['In no group.'] : found.map((name, index) => `${index + 1}. ${name}`)
    return { json: { number: extension.number, groups: found }, lines }
  })
}

async function show(io: Io, number: string, withPassword: boolean): Promise<Report> {
  return withInstallation(io, async ({ extensions }) => {
    const { extension, uses } = await extensions.show(number)
    const password = withPassword ? (await extensions.password(actor(), number)).reveal() : undefined
    const described = describeExtension(extension)
    return {
      json: { ...described, authUser: extension.authUsername, ...(password === undefined ? {} : { password }), uses },
      lines: [
        `Number    ${extension.number}`,
        `Name      ${extension.displayName}`,
        ...(extension.email === undefined ? [] : [`E-mail    ${extension.email}`]),
        `Auth user ${extension.authUsername}`,
        ...(password === undefined ? [] : [`Password  ${password}`]),
        ...extension.keys.map(
          ({ position, kind, value, label }) => `Key ${position}     ${[kind, value, label].filter(Boolean).join(' ')}`,
        ),
        ...uses.lines.map(({ mac, position }) => `On phone  ${mac}, line ${position}`),
        ...(uses.keys.length === 0 ? [] : [`On keys   of ${uses.keys.length} other(s)`]),
      ],
    }
  })
}
