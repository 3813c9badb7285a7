import type { Command } from 'commander'
import { endedRegistrationTopic } from '../database/change.js'
import { inWriteTransaction, recordChanges } from '../database/edge/write.js'
import { passed } from '../domain/edge/system-clock.js'
import type { Binding } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import { KnexBindingStore } from '../registrar/edge/knex-binding-store.js'
import { droppedRegistration } from '../registrar/use-cases.js'
import { actor, withInstallation } from './context.js'
import { shownTime, table, type Io, type Report, type Run } from './output.js'

/** `registrations`: who is registered now; `registrations drop`: throws one out. */
export function registrationsCommand(program: Command, io: Io, run: Run): void {
  const registrations = program.command('registrations').description('list who is registered now')

  registrations
    .command('drop <aor> [contact]')
    .description('throw a registration out; the contact says which when there are several. The running server does it')
    .action((aor: string, contact: string | undefined) =>
      run(() => withInstallation(io, (installation) => drop(installation, aor, contact))),
    )

  registrations.action(() =>
    run(() =>
      withInstallation(io, async ({ databases }) => {
        const now = Date.now()
        const found = await new KnexBindingStore(databases.live).load(now)
        found.sort((a, b) => (a.aor < b.aor ? -1 : a.aor > b.aor ? 1 : 0))
        return {
          json: found.map((binding) => ({
            aor: binding.aor,
            contact: binding.contactUri,
            received: binding.received,
            transport: binding.transport,
            expiresInSeconds: Math.round((binding.expiresAt - now) / 1000),
            registeredAt: shownTime(binding.registeredAt),
            userAgent: binding.userAgent,
          })),
          lines: table(
            ['AOR', 'CONTACT', 'FROM', 'BY', 'SINCE', 'EXPIRES IN', 'USER AGENT'],
            found.map((binding) => [
              binding.aor,
              binding.contactUri,
              binding.received,
              binding.transport,
              shownTime(binding.registeredAt),
              `${Math.round((binding.expiresAt - now) / 1000)} s`,
              binding.userAgent,
            ]),
          ),
        }
      }),
    ),
  )
}

const WAIT_MS = 3_000
const LOOK_MS = 100

async function drop(
  { databases, extensions }: Installation,
  aor: string,
  contact: string | undefined,
): Promise<Report> {
  const load = async (): Promise<Binding[]> => {
    const all = await new KnexBindingStore(databases.live).load(Date.now())
    return all.filter((one) => one.aor === aor && (contact === undefined || one.contactUri === contact))
  }
  const [found, ...others] = await load()
  if (!found) throw new AppError('BINDING_NOT_FOUND', `${aor} has no such registration`, { hint: 'See: registrations' })
  if (others.length > 0) {
    const contacts = [found, ...others].map(({ contactUri }) => contactUri).join(', ')
    throw new AppError('USAGE', `${aor} is registered several times; name the contact`, { hint: contacts })
  }
  const person = (await extensions.list()).find(({ id }) => id === found.extensionId)
  const author = { actor: actor(), at: Date.now() }
  const change = droppedRegistration(author, found, person?.siteId, [endedRegistrationTopic(found)])
  await inWriteTransaction(databases.main, (trx) => recordChanges(trx, [change]))
  // The server stores it before it forgets it, so what is stored tells when it is done.
  const deadline = Date.now() + WAIT_MS
  while ((await load()).some(({ bindingKey }) => bindingKey === found.bindingKey)) {
    if (Date.now() > deadline) {
      throw new AppError('SERVER_UNREACHABLE', 'the server did not throw it out within 3 s', {
        hint: 'Is it running, on this data? It does it when it next reads the changes',
      })
    }
    await passed(LOOK_MS)
  }
  return {
    json: { aor, contact: found.contactUri, received: found.received },
    lines: [`The registration of ${aor} from ${found.received} is thrown out; it may register again.`],
  }
}
