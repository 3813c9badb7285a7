import { resolve } from 'node:path'
import type { Command } from 'commander'
import { SOFTPHONE_TRANSPORTS, type SoftphoneTransport } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { qrPng, qrSvg, qrTerminal } from '../softphones/edge/qr.js'
import type { KeptSoftphone } from '../softphones/store.js'
import type { CodeNote, SoftphoneCode } from '../softphones/code.js'
import { actor, withInstallation } from './context.js'
import { table, type Io, type Report, type Run } from './output.js'
import { requireWritable, writeOut } from './write-file.js'

interface QrOptions {
  app: string
  name?: string
  transport?: string
  address?: string
  http?: boolean
  uses?: string
  minutes?: string
  png?: string
  svg?: string
}

/** What is likely to fail, said before it does. */
const NOTES: Readonly<Record<CodeNote, string>> = {
  'certificate-names-no-address':
    'Apps take a certificate for a name only: give this address a host name (PHONEBOOT_PUBLISHED_ADDRESSES), or --http within the office.',
  'host-without-dot': 'Linphone on Android scans addresses with a full name only, such as pbx.example.com.',
  'password-in-code': 'The code itself holds the password and does not end. Revoke the softphone when it gets lost.',
}

/** `softphone qr|list|revoke|apps`. */
export function softphoneCommands(program: Command, io: Io, run: Run): void {
  const softphone = program.command('softphone').description('softphones of people: apps set up by a QR code')
  qrCommand(softphone, io, run)

  softphone
    .command('list <extension>')
    .description("a person's softphones")
    .action((extension: string) =>
      run(() =>
        withInstallation(io, async ({ softphones }) => {
          const found = await softphones.list(extension)
          return { json: found.map(softphoneJson), lines: listLines(found) }
        }),
      ),
    )

  softphone
    .command('revoke <id>')
    .description('take a softphone away: it cannot register any more, and its codes open nothing')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async ({ softphones }) => {
          await softphones.revoke(actor(), id)
          return { json: { revoked: id }, lines: [`Softphone ${id} is revoked.`] }
        }),
      ),
    )

  softphone
    .command('apps')
    .description('the apps there are codes for')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ softphones }) => {
          const apps = [...(await softphones.apps()).values()]
          return {
            json: apps.map(({ id, name, platforms, price, transports, website }) => ({
              ...{ id, name, platforms, price, transports, website },
            })),
            lines: table(
              ['APP', 'NAME', 'PLATFORMS', 'PRICE', 'TRANSPORTS'],
              apps.map(({ id, name, platforms, price, transports }) => [
                ...[id, name, platforms.join(' '), price, transports.join(' ')],
              ]),
            ),
          }
        }),
      ),
    )
}

function qrCommand(softphone: Command, io: Io, run: Run): void {
  softphone
    .command('qr <extension>')
    .description('a new softphone for a person, and the code that sets it up')
    .requiredOption('--app <app>', 'see softphone apps')
    .option('--name <name>', 'what the person calls it')
    .option('--transport <transport>', SOFTPHONE_TRANSPORTS.join(', '))
    .option('--address <name>', 'published address the app reaches the server by')
    .option('--http', 'fetch the set-up by HTTP, within the office')
    .option('--uses <n>', 'how often it may be fetched')
    .option('--minutes <n>', 'how long the code lives')
    .option('--png <file>', 'write the code as a picture')
    .option('--svg <file>', 'write the code as a drawing')
    .action((extension: string, options: QrOptions) =>
      run(() =>
        withInstallation(io, async ({ softphones }) => {
          const pictures = picturesOf(io, options)
          for (const { path } of pictures) await requireWritable(path)
          const code = await softphones.create(actor(), extension, {
            app: options.app,
            name: options.name,
            transport: transportOf(options.transport),
            address: options.address,
            scheme: options.http === true ? 'http' : 'https',
            uses: wholeNumber('--uses', options.uses, 20),
            minutes: wholeNumber('--minutes', options.minutes, 10_080),
          })
          return await codeReport(code, pictures)
        }),
      ),
    )
}

function transportOf(text: string | undefined): SoftphoneTransport | undefined {
  const known = SOFTPHONE_TRANSPORTS.find((one) => one === text)
  if (text !== undefined && !known) {
    throw new AppError('USAGE', `--transport: "${text}" is none of ${SOFTPHONE_TRANSPORTS.join(', ')}`)
  }
  return known
}

function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d{1,6}$/.test(text) || value < 1 || value > most) {
    throw new AppError('USAGE', `${option}: "${text}" is no number from 1 to ${most}`)
  }
  return value
}

/** A file to write, and how the code is drawn in it. */
interface Picture {
  file: string
  path: string
  draw: (text: string) => Promise<string | Buffer>
}

function picturesOf({ folder }: Io, { png, svg }: QrOptions): Picture[] {
  const picture = (file: string | undefined, draw: Picture['draw']): Picture[] =>
    file === undefined ? [] : [{ file, path: resolve(folder, file), draw }]
  return [...picture(png, qrPng), ...picture(svg, qrSvg)]
}

async function codeReport(code: SoftphoneCode, pictures: readonly Picture[]): Promise<Report> {
  const text = code.text.reveal()
  // For the owner alone: whoever has the picture has the account.
  for (const { path, draw } of pictures) await writeOut(path, await draw(text), true)
  const files = pictures.map(({ file }) => file)
  const until = new Date(code.expiresAt).toISOString()
  const link = code.link?.reveal()
  return {
    json: {
      id: code.softphone.id,
      app: code.app.id,
      url: code.url.reveal(),
      ...(link === undefined ? {} : { link }),
      text,
      uses: code.uses,
      expiresAt: until,
      notes: code.notes,
      files,
    },
    lines: [
      ...(files.length > 0 ? files.map((file) => `The code is in ${file}.`) : [await qrTerminal(text)]),
      `Page:    ${code.url.reveal()}`,
      ...(link === undefined ? [] : [`Link:    ${link}`]),
      `Id:      ${code.softphone.id}`,
      `${code.app.code === 'document' ? 'The page' : 'It'} opens ${times(code.uses)} until ${until}.`,
      ...code.notes.map((note) => NOTES[note]),
    ],
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function softphoneJson(one: KeptSoftphone): object {
  const { id, app, name, authUsername, transport, address, createdAt, createdBy, fetchedAt, codes } = one
  return {
    ...{ id, app, name, authUsername, transport, address, createdBy },
    createdAt: new Date(createdAt).toISOString(),
    ...(fetchedAt === undefined ? {} : { fetchedAt: new Date(fetchedAt).toISOString() }),
    codes: codes.map(({ usesLeft, expiresAt }) => ({ usesLeft, expiresAt: new Date(expiresAt).toISOString() })),
  }
}

function listLines(found: readonly KeptSoftphone[]): string[] {
  return table(
    ['ID', 'APP', 'NAME', 'USER', 'BY', 'ADDRESS', 'FETCHED'],
    found.map(({ id, app, name, authUsername, transport, address, fetchedAt }) => [
      ...[id, app, name ?? '', authUsername, transport, address],
      fetchedAt === undefined ? 'not yet' : new Date(fetchedAt).toISOString(),
    ]),
  )
}
