import type { Command } from 'commander'
import type { Delivery, Webhook } from '../webhooks/store.js'
import { HAPPENING_TYPES } from '../webhooks/happening.js'
import { shownUrl, type WebhookAdmin, type WebhookView } from '../webhooks/use-cases.js'
import { actor, withInstallation } from './context.js'
import { numberOption, shownTime, table, type Io, type Run } from './output.js'

const listed = (text: string): string[] => text.split(',').map((type) => type.trim())

/** `webhook …`: who is told of changes by HTTP. */
export function webhookCommands(program: Command, io: Io, run: Run): void {
  const webhook = program.command('webhook').description('who is told of changes by HTTP')

  webhook
    .command('add <url>')
    .description('have an address told of changes; the secret that signs them is shown this once')
    .option('--types <list>', `comma-separated: ${HAPPENING_TYPES.join(', ')}; default: all`, listed)
    .action((url: string, { types }: { types?: string[] }) =>
      run(() =>
        withInstallation(io, async ({ webhooks }) => {
          const { webhook: made, secret } = await webhooks.add(actor(), { url, types })
          const text = secret.reveal()
          return { json: { ...shown(made), secret: text }, lines: [`Webhook ${made.id} is told.`, `Secret: ${text}`] }
        }),
      ),
    )

  webhook
    .command('list')
    .description('list webhooks, with what waits for them')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ webhooks }) => {
          const all = await webhooks.list()
          return { json: all.map(shown), lines: lines(all) }
        }),
      ),
    )

  webhook
    .command('deliveries <id>')
    .description('what a webhook was told, or is to be told, newest first')
    .option('--limit <n>', 'at most this many', numberOption, 50)
    .action((id: string, { limit }: { limit: number }) =>
      run(() =>
        withInstallation(io, async ({ webhooks }) => {
          const found = await webhooks.deliveries(id, { limit })
          return { json: found.map(shownDelivery), lines: deliveryLines(found) }
        }),
      ),
    )

  const changing: readonly [
    name: string,
    what: string,
    done: string,
    work: (admin: WebhookAdmin, id: string) => Promise<unknown>,
  ][] = [
    ['enable', 'tell it again', 'It is told again.', (admin, id) => admin.update(actor(), id, { enabled: true })],
    [
      'disable',
      'tell it nothing for a while',
      'It is told nothing.',
      (admin, id) => admin.update(actor(), id, { enabled: false }),
    ],
    [
      'test',
      'tell it something of type test',
      'A test is on its way: webhook deliveries shows what came of it.',
      (admin, id) => admin.test(id),
    ],
    [
      'remove',
      'tell nobody there any more; what waits is forgotten',
      'Nobody is told there any more.',
      (admin, id) => admin.remove(actor(), id),
    ],
  ]
  for (const [name, what, done, work] of changing) {
    webhook
      .command(`${name} <id>`)
      .description(what)
      .action((id: string) =>
        run(() =>
          withInstallation(io, async ({ webhooks }) => {
            await work(webhooks, id)
            return { json: { id }, lines: [done] }
          }),
        ),
      )
  }
}

function shown({ createdAt, url, types, id, enabled, ...rest }: Webhook | WebhookView): Record<string, unknown> {
  const waits = 'waiting' in rest ? { waiting: rest.waiting, givenUp: rest.givenUp } : {}
  return { id, url: shownUrl(url), types, enabled, ...waits, createdAt: shownTime(createdAt) }
}

function lines(webhooks: readonly WebhookView[]): string[] {
  return table(
    ['ID', 'ADDRESS', 'TYPES', 'STATE', 'WAITING', 'GIVEN UP'],
    webhooks.map(({ id, url, types, enabled, waiting, givenUp }) => [
      id,
      shownUrl(url),
      types.length === 0 ? 'all' : types.join(' '),
      enabled ? 'on' : 'off',
      waiting,
      givenUp,
    ]),
  )
}

function shownDelivery({ id, type, happeningId, state, attempts, ...rest }: Delivery): Record<string, unknown> {
  return {
    ...{ id, type, event: happeningId, state, attempts },
    ...(rest.status === undefined ? {} : { status: rest.status }),
    ...(rest.reason === undefined ? {} : { reason: rest.reason }),
    createdAt: shownTime(rest.createdAt),
    ...(state === 'waiting' ? { nextAt: shownTime(rest.nextAt) } : { finishedAt: shownTime(rest.finishedAt) }),
  }
}

function deliveryLines(deliveries: readonly Delivery[]): string[] {
  return table(
    ['NUMBER', 'TYPE', 'SINCE', 'STATE', 'ATTEMPTS', 'LAST ANSWER'],
    deliveries.map(({ id, type, createdAt, state, attempts, status, reason }) => [
      id,
      type,
      shownTime(createdAt),
      state,
      attempts,
      status ?? reason ?? '',
    ]),
  )
}
