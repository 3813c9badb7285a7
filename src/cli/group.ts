import type { Command } from 'commander'
import { actor, withInstallation } from './context.js'
import { keysIn } from './extension.js'
import { table, type Io, type Run } from './output.js'

/** `group add|list|rename|keys|remove`: people and phones that share settings. */
export function groupCommands(program: Command, io: Io, run: Run): void {
  const group = program.command('group').description('groups of people and phones that share settings')

  group
    .command('add <name>')
    .description(
      'add a group; phones join with device update <mac> --group <name>, people with extension groups <number> <name>',
    )
    .action((name: string) =>
      run(() =>
        withInstallation(io, async ({ groups }) => {
          const added = await groups.add(actor(), name)
          return { json: { name: added.name }, lines: [`Group ${added.name} is added.`] }
        }),
      ),
    )

  group
    .command('list')
    .description('list all groups')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ groups }) => {
          const found = await groups.list()
          return {
            json: found.map(({ name, devices, people }) => ({ name, devices, people })),
            lines: table(
              ['GROUP', 'PHONES', 'PEOPLE'],
              found.map(({ name, devices, people }) => [name, devices, people]),
            ),
          }
        }),
      ),
    )

  group
    .command('rename <name> <new-name>')
    .description('give a group another name')
    .action((name: string, newName: string) =>
      run(() =>
        withInstallation(io, async ({ groups }) => {
          const renamed = await groups.rename(actor(), name, newName)
          return { json: { name: renamed.name }, lines: [`The group is ${renamed.name} now.`] }
        }),
      ),
    )

  group
    .command('keys <name> [key...]')
    .description(
      'keys that each phone of a group gets after those of its person, each kind:value:label; none clears them',
    )
    .action((name: string, cells: string[]) =>
      run(() =>
        withInstallation(io, async ({ groups }) => {
          const found =
            cells.length === 0 ? await groups.keys(name) : await groups.setKeys(actor(), name, keysIn(cells))
          return {
            json: found.keys.map(({ position, kind, value, label, line }) => ({ position, kind, value, label, line })),
            lines: table(
              ['KEY', 'KIND', 'VALUE', 'LABEL'],
              found.keys.map(({ position, kind, value, label }) => [position, kind, value, label]),
            ),
          }
        }),
      ),
    )

  group
    .command('remove <name>')
    .description('remove a group without phones, with its settings')
    .action((name: string) =>
      run(() =>
        withInstallation(io, async ({ groups }) => {
          await groups.remove(actor(), name)
          return { json: { removed: name }, lines: [`Group ${name} is removed.`] }
        }),
      ),
    )
}
