import { z } from 'zod'
import { SOFTPHONE_TRANSPORTS } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { KeptSoftphone } from '../../softphones/store.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import { CODE_NOTES, type SoftphoneCode } from '../../softphones/code.js'
import type { AdminParts } from '../parts.js'
import { route, type Call } from '../route.js'
import { number, text, time } from './schemas.js'
import { isoTime, registeredNow } from './views.js'

const TAG = 'Softphones'
const params = { number }
/** People of one sheet: what a browser prints and a database does in one go. */
const MOST_ON_SHEET = 200
const UNKNOWN: ReadonlySet<string> = new Set(['EXTENSION_NOT_FOUND', 'NUMBER_INVALID'])

const app = z
  .object({
    id: z.string(),
    name: z.string(),
    platforms: z.array(z.string()),
    price: z.enum(['free', 'paid', 'both']),
    website: z.string(),
    transports: z.array(z.enum(SOFTPHONE_TRANSPORTS)),
    code: z.enum(['address', 'document', 'page']).meta({ description: 'What the code holds' }),
  })
  .meta({ id: 'SoftphoneApp' })

const softphone = z
  .object({
    id: z.string(),
    app: z.string(),
    name: z.string().optional(),
    authUser: z.string(),
    transport: z.enum(SOFTPHONE_TRANSPORTS),
    address: z.string(),
    registered: z.boolean(),
    createdAt: time,
    createdBy: z.string(),
    fetchedAt: time.optional().meta({ description: 'When its set-up was fetched first' }),
    usesLeft: z.number().int().meta({ description: 'Fetches that its code still allows' }),
    codeExpiresAt: time.optional(),
  })
  .meta({ id: 'Softphone' })

const codeInput = {
  app: text,
  transport: z.enum(SOFTPHONE_TRANSPORTS).optional(),
  address: text.optional().meta({ description: 'Name of a published address; default: the first' }),
  scheme: z.enum(['http', 'https']).optional(),
  uses: z.number().int().min(1).max(20).optional(),
  minutes: z.number().int().min(1).max(10_080).optional(),
}

const code = z
  .object({
    id: z.string(),
    number: z.string(),
    person: z.string(),
    app: z.string(),
    url: z.string().meta({ description: 'Page for the person, which is also what apps fetch. Shown only now' }),
    link: z.string().optional().meta({ description: 'Opens the app when tapped on the device itself' }),
    text: z.string().meta({ description: 'What the QR code holds' }),
    svg: z.string().meta({ description: 'The QR code as a drawing' }),
    png: z.string().meta({ description: 'The QR code as a picture, Base64' }),
    uses: z.number().int(),
    expiresAt: time,
    notes: z.array(z.enum(CODE_NOTES)).meta({ description: 'What is likely to fail' }),
  })
  .meta({ id: 'SoftphoneCode' })

function softphoneView(
  one: KeptSoftphone,
  isRegistered: (lineId: string) => boolean,
  now: number,
): z.input<typeof softphone> {
  const live = one.codes.filter(({ usesLeft, expiresAt }) => usesLeft > 0 && expiresAt > now)
  const expiresAt = live.length > 0 ? Math.max(...live.map((each) => each.expiresAt)) : undefined
  return {
    id: one.id,
    app: one.app,
    name: one.name,
    authUser: one.authUsername,
    transport: one.transport,
    address: one.address,
    registered: isRegistered(one.id),
    createdAt: isoTime(one.createdAt),
    createdBy: one.createdBy,
    fetchedAt: isoTime(one.fetchedAt),
    usesLeft: live.reduce((sum, { usesLeft }) => sum + usesLeft, 0),
    codeExpiresAt: isoTime(expiresAt),
  }
}

async function codeView(
  { qr }: Pick<AdminParts, 'qr'>,
  person: { number: string; name: string },
  made: SoftphoneCode,
): Promise<z.input<typeof code>> {
  const content = made.text.reveal()
  return {
    id: made.softphone.id,
    number: person.number,
    person: person.name,
    app: made.app.id,
    url: made.url.reveal(),
    link: made.link?.reveal(),
    text: content,
    svg: await qr.svg(content),
    png: (await qr.png(content)).toString('base64'),
    uses: made.uses,
    expiresAt: isoTime(made.expiresAt),
    notes: [...made.notes],
  }
}

export const softphoneRoutes = [
  route({
    id: 'listSoftphoneApps',
    method: 'get',
    path: '/softphone-apps',
    tag: TAG,
    summary: 'Apps that are set up by a code, and the addresses they may reach the server by',
    access: 'people.read',
    answer: z.object({
      items: z.array(app),
      addresses: z.array(z.object({ name: z.string(), host: z.string() })),
    }),
    handle: async ({ use }) => {
      const apps = [...(await use.softphones.apps()).values()]
      const items = apps.map(({ id, name, platforms, price, website, transports, code: kind }) => ({
        ...{ id, name, platforms, price, website, transports, code: kind },
      }))
      return { body: { items, addresses: use.softphones.addresses().map(({ name, host }) => ({ name, host })) } }
    },
  }),
  route({
    id: 'listSoftphones',
    method: 'get',
    path: '/extensions/{number}/softphones',
    tag: TAG,
    summary: "A person's softphones",
    access: 'people.read',
    params,
    answer: z.object({ items: z.array(softphone) }),
    handle: async ({ use, parts, params: { number: own } }) => {
      const { byLine } = registeredNow(parts)
      const now = parts.clock.now()
      const found = await use.softphones.list(own)
      return { body: { items: found.map((one) => softphoneView(one, (id) => byLine.has(id), now)) } }
    },
  }),
  route({
    id: 'addSoftphone',
    method: 'post',
    path: '/extensions/{number}/softphones',
    tag: TAG,
    summary: 'A softphone for a person, and the code that sets it up; the code is shown only now',
    access: 'people.password',
    params,
    body: z.strictObject({ ...codeInput, name: text.optional() }),
    status: 201,
    answer: code,
    handle: async ({ use, by, parts, params: { number: own }, body }) => {
      const { extension } = await use.extensions.show(own)
      const made = await use.softphones.create(by.actor, own, body)
      const person = { number: extension.number, name: extension.displayName }
      return {
        body: await codeView(parts, person, made),
        location: `/extensions/${encodeURIComponent(extension.number)}/softphones`,
      }
    },
  }),
  route({
    id: 'revokeSoftphone',
    method: 'post',
    path: '/softphones/{id}/revoke',
    tag: TAG,
    summary: 'Take a softphone away: it cannot register any more, and its codes open nothing',
    access: 'people.password',
    params: { id: text },
    handle: async ({ use, by, params: { id } }) => {
      await use.softphones.revoke(by.actor, id)
      return {}
    },
  }),
  route({
    id: 'endSoftphoneCodes',
    method: 'post',
    path: '/softphones/{id}/end-codes',
    tag: TAG,
    summary: 'The code of a softphone opens nothing any more; an app that has fetched its set-up goes on',
    access: 'people.password',
    params: { id: text },
    handle: async ({ use, by, params: { id } }) => {
      await use.softphones.endCodes(by.actor, id)
      return {}
    },
  }),
  route({
    id: 'makeSoftphoneSheet',
    method: 'post',
    path: '/softphone-sheets',
    tag: TAG,
    summary: `A softphone and its code for each person of a group, or of a list of numbers; at most ${MOST_ON_SHEET}`,
    access: 'people.password',
    body: z.strictObject({
      ...codeInput,
      group: text.optional(),
      numbers: z.array(text).min(1).max(MOST_ON_SHEET).optional(),
    }),
    status: 201,
    answer: z.object({ items: z.array(code) }),
    handle: async ({ use, by, parts, site, body: { group, numbers, ...input } }) => {
      const wanted = numbers ?? (await numbersOfGroup({ use, parts, site }, group))
      const items = []
      // Everybody is looked up first: a wrong number among many leaves no softphones behind.
      for (const { number: own, displayName: name } of await peopleOf(use, wanted)) {
        items.push(await codeView(parts, { number: own, name }, await use.softphones.create(by.actor, own, input)))
      }
      return { body: { items } }
    },
  }),
]

/** Each once. Throws SOFTPHONE_INVALID naming every number that nobody has. */
async function peopleOf({ extensions }: Call['use'], numbers: readonly string[]): Promise<ExtensionRecord[]> {
  const people: ExtensionRecord[] = []
  const unknown: string[] = []
  for (const own of new Set(numbers)) {
    try {
      people.push((await extensions.show(own)).extension)
    } catch (error) {
      if (!(error instanceof AppError && UNKNOWN.has(error.code))) throw error
      unknown.push(own)
    }
  }
  if (unknown.length === 0) return people
  throw new AppError('SOFTPHONE_INVALID', `nobody has ${unknown.join(', ')}`, { field: 'numbers' })
}

/** Numbers of everybody who is in the group, or has a line on a phone of it, in order. Throws SOFTPHONE_INVALID. */
async function numbersOfGroup(
  { use, parts: { snapshot }, site }: Pick<Call, 'use' | 'parts' | 'site'>,
  name: string | undefined,
): Promise<string[]> {
  if (name === undefined) throw new AppError('SOFTPHONE_INVALID', 'neither a group nor numbers', { field: 'group' })
  const { id } = await use.groups.find(name)
  const numbers = new Set<string>()
  for (const { groups, siteId, number } of snapshot.allExtensions()) {
    if (siteId === site.id && groups?.includes(id) === true) numbers.add(number)
  }
  for (const device of snapshot.allDevices()) {
    if (device.siteId !== site.id || device.groupId !== id) continue
    for (const { extensionId } of device.lines) {
      const extension = snapshot.extension(extensionId)
      if (extension) numbers.add(extension.number)
    }
  }
  if (numbers.size === 0 || numbers.size > MOST_ON_SHEET) {
    const what =
      numbers.size === 0 ? 'nobody is in this group or has a phone of it' : `more than ${MOST_ON_SHEET} people`
    throw new AppError('SOFTPHONE_INVALID', what, { field: 'group' })
  }
  return [...numbers].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
