import type { Command } from 'commander'
import { phonebookEntry, phonebookOf } from '../phonebook/people.js'
import { phonebookSearch } from '../phonebook/search.js'
import { vCards } from '../phonebook/vcard.js'
import { readSnapshot, withInstallation } from './context.js'
import { table, type Io, type Run } from './output.js'

/** `phonebook`: whom the site's phones show. */
export function phonebookCommand(program: Command, io: Io, run: Run): void {
  program
    .command('phonebook')
    .description("whom the site's phones show in their phonebook, in its order")
    .option('--search <text>', 'only those whose number, names, e-mail address or mobile number holds this')
    .option('--vcards', 'as vCards 4.0')
    .action(({ search, vcards = false }: { search?: string; vcards?: boolean }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const snapshot = await readSnapshot(installation)
          const { people } = phonebookOf(snapshot, installation.vocabulary, installation.site.id)
          const found = search === undefined ? people : people.filter(phonebookSearch(search, snapshot))
          const json = found.map(phonebookEntry)
          if (vcards) return { json, lines: vCards(found).replace(/\r\n$/, '').split('\r\n') }
          const rows = json.map(({ name, number, mobile, jobTitle }) => [name, number, mobile, jobTitle])
          return { json, lines: table(['NAME', 'NUMBER', 'MOBILE', 'JOB TITLE'], rows) }
        }),
      ),
    )
}
