import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { loadSoftphoneApps } from '../../src/softphones/edge/load-apps.js'
import { parseApps, type SoftphoneApp } from '../../src/softphones/app.js'
import type { AccountValues } from '../../src/softphones/document.js'

const apps = loadSoftphoneApps()
const EXPECTED = [
  ...['acrobits-cloud', 'baresip', 'bria', 'grandstream-wave', 'groundwire', 'jitsi', 'linphone', 'microsip'],
  ...['phonerlite', 'sipnetic', 'softphone-pro', 'telephone', 'zoiper'],
]

const ANN: AccountValues = {
  name: 'Ann "Äther" <Ö> & Söhne',
  number: '101',
  user: '101-a1b2c3',
  password: 'kM7pQx2vRt9sWz4yBn6c',
  ha1: '0123456789abcdef0123456789abcdef',
  realm: 'phoneboot',
  domain: 'pbx.example.com',
  host: 'pbx.example.com',
  port: 5060,
  transport: 'udp',
  url: 'https://pbx.example.com/s/0123456789abcdefghjkmnpqrstvwxyz',
  scheme: 'https',
}

function documentOf(id: string): NonNullable<SoftphoneApp['document']> {
  const document = apps.get(id)?.document
  if (!document) throw new Error(`${id} has no document`)
  return document
}

/** What an app understands of its file. */
interface Read {
  name: string
  number: string
  user: string
  password: string
}

function elements(xml: string): Map<string, string> {
  const found = new Map<string, string>()
  const open: string[] = []
  const parser = new SaxesParser()
  parser.on('opentag', ({ name, attributes }) => open.push(String(attributes.name ?? name)))
  parser.on('text', (text) => found.set(open.at(-1) ?? '', text))
  parser.on('closetag', () => open.pop())
  parser.on('error', (error) => {
    throw error
  })
  parser.write(xml).close()
  return found
}

/** As Windows reads a profile: the last of a key, without blanks and quotation marks around a value. */
function ini(text: string, section: string): Map<string, string> {
  const found = new Map<string, string>()
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('[')) inside = line === `[${section}]`
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? []
    if (inside && key !== '') found.set(key, value.trim().replace(/^(["'])(.*)\1$/, '$2'))
  }
  return found
}

function properties(text: string): Map<string, string> {
  const unescape = (raw: string): string =>
    raw.replace(/\\u([0-9a-f]{4})|\\(.)/g, (_, code: string | undefined, sign: string) =>
      code === undefined ? sign : String.fromCharCode(Number.parseInt(code, 16)),
    )
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), unescape(line.slice(line.indexOf('=') + 1))]))
}

const JITSI = 'net.java.sip.communicator.impl.protocol.sip.acc1.'

/** Readers of the files, written apart from what writes them. */
const READERS: Record<string, (text: string) => Read> = {
  linphone: (text) => {
    const found = elements(text)
    const identity = /^"(.*)" <sip:([^@]+)@/.exec(found.get('reg_identity') ?? '')
    return {
      name: identity?.[1] ?? '',
      number: identity?.[2] ?? '',
      user: found.get('userid') ?? '',
      password: found.get('ha1') ?? '',
    }
  },
  groundwire: (text) => acrobits(text),
  'acrobits-cloud': (text) => acrobits(text),
  'grandstream-wave': (text) => {
    const found = elements(text)
    const of = (name: string): string => found.get(name) ?? ''
    return { name: of('DisplayName'), number: of('UserID'), user: of('AuthID'), password: of('AuthPass') }
  },
  zoiper: (text) => {
    const found = elements(text)
    const of = (name: string): string => found.get(name) ?? ''
    return {
      name: of('name').replace(/^\S+ /, ''),
      number: of('username'),
      user: of('authentication_username'),
      password: of('password'),
    }
  },
  microsip: (text) => {
    const found = ini(text, 'Account1')
    const of = (name: string): string => found.get(name) ?? ''
    return { name: of('displayName'), number: of('username'), user: of('authID'), password: of('password') }
  },
  'softphone-pro': (text) => {
    const { data } = JSON.parse(text) as { data: { config: string }[] }
    const found = ini(Buffer.from(data[0]?.config ?? '', 'base64').toString('utf8'), 'SipAccount1')
    const of = (name: string): string => found.get(name) ?? ''
    return { name: of('DisplayName'), number: of('Username'), user: of('AuthId'), password: of('Password') }
  },
  jitsi: (text) => {
    const found = properties(text)
    const of = (name: string): string => found.get(`${JITSI}${name}`) ?? ''
    const number = of('USER_ID').replace(/@.*$/, '')
    return { name: of('DISPLAY_NAME'), number, user: of('AUTHORIZATION_NAME'), password: of('PASSWORD') }
  },
  baresip: (text) => {
    const [, name = '', number = '', user = '', password = ''] =
      /^"([^"]*)" <sip:([^@]+)@[^>]*>;auth_user=([^;]*);auth_pass=([^;]*);/.exec(text) ?? []
    return { name, number, user, password }
  },
  bria: (text) => {
    const of = (key: string): string => new RegExp(`^proxies:proxy0:${key}="([^"]*)"\\r?$`, 'm').exec(text)?.[1] ?? ''
    return {
      name: of('display_name'),
      number: of('username'),
      user: of('authorization_username'),
      password: of('password'),
    }
  },
  sipnetic: (text) => {
    const parts = text.trim().replaceAll(';;', '\u0000').split(';')
    const of = (key: string): string =>
      (parts.find((part) => part.startsWith(`${key}=`)) ?? '').slice(key.length + 1).replaceAll('\u0000', ';')
    return { name: of('n'), number: of('u'), user: of('au'), password: of('p') }
  },
}

function acrobits(text: string): Read {
  const found = elements(text)
  const of = (name: string): string => found.get(name) ?? ''
  return {
    name: of('userDisplayName'),
    number: of('username'),
    user: of('authUsername'),
    password: of('password'),
  }
}

describe('apps of device-templates/softphones', () => {
  test('are those that the guide names', () => {
    expect([...apps.keys()].sort()).toEqual(EXPECTED)
  })

  test.each(EXPECTED)(
    '%s is told the same as in its golden file, by each transport (UPDATE_GOLDEN=1 writes it)',
    (id) => {
      const app = apps.get(id)
      if (!app) throw new Error(`${id} is not there`)
      const told = app.transports.map((transport) => {
        const values = { ...ANN, transport, port: transport === 'tls' ? 5061 : 5060 }
        const fields = app.fields.map(({ label, value }) => `${label}: ${value(values)}`)
        const link = app.link ? [`link: ${app.link(values)}`] : []
        const document = app.document
          ? [`--- ${app.document.file}, ${app.document.type}`, app.document.render(values)]
          : []
        return [`=== ${transport}`, ...fields, ...link, ...document].join('\n')
      })
      const text = `${told.join('\n')}\n`
      const folder = new URL('golden/', import.meta.url)
      const file = new URL(`${id}.txt`, folder)
      if (process.env.UPDATE_GOLDEN) {
        mkdirSync(folder, { recursive: true })
        writeFileSync(file, text)
      }
      expect(existsSync(file)).toBe(true)
      expect(text).toBe(readFileSync(file, 'utf8'))
    },
  )

  const withFile = EXPECTED.filter((id) => apps.get(id)?.document)

  test('every file has a reader of its own here', () => {
    expect(Object.keys(READERS).sort()).toEqual(withFile)
  })

  test.each(withFile)('%s reads back whatever a person is called', (id) => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => /[A-Za-z]/.test(text))
    fc.assert(
      fc.property(name, (text) => {
        // People cannot be called otherwise: rules.ts refuses controls.
        const person = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, '').trim()
        fc.pre(person !== '' && person.isWellFormed())
        const read = READERS[id]?.(documentOf(id).render({ ...ANN, name: person }))
        expect(read).toMatchObject({ number: '101', user: ANN.user })
        expect(read?.password).toBe(id === 'linphone' ? ANN.ha1 : ANN.password)
        // Signs that a file cannot hold are blanks in it; everything else is as it was.
        const letters = (of: string): string => of.replace(/["'\\<>;\s]/g, '')
        expect(letters(read?.name ?? '')).toBe(letters(person))
      }),
      { numRuns: 200 },
    )
  })

  test('a value that a file cannot hold is refused and not bent', () => {
    const refused = { code: 'TEMPLATE_VALUE_REFUSED' }
    for (const id of withFile) {
      expect(() => documentOf(id).render({ ...ANN, host: 'a\r\nb' })).toThrow(expect.objectContaining(refused))
    }
    for (const password of ['a b;c', 'a"b']) {
      expect(() => documentOf('baresip').render({ ...ANN, password })).toThrow(expect.objectContaining(refused))
    }
  })

  test('the password is nowhere but where the app needs it', () => {
    expect(documentOf('linphone').render(ANN)).not.toContain(ANN.password)
    for (const { link } of apps.values()) expect(link?.(ANN) ?? '').not.toContain(ANN.password)
  })

  test('a file with a mistake is refused with its name and place', () => {
    const good = readFileSync(new URL('../../device-templates/softphones/phonerlite.yaml', import.meta.url), 'utf8')
    const told = (text: string): string => {
      try {
        parseApps([['mine', text]])
          .get('mine')
          ?.fields[0]?.value(ANN)
        return 'taken'
      } catch (error) {
        return String(error)
      }
    }
    expect(told(good)).toBe('taken')
    expect(told(good.replace('code: page', 'code: picture'))).toMatch(/softphones\/mine\.yaml: code/)
    expect(told(good.replace('code: page', 'code: address'))).toMatch(/needs a document/)
    expect(told(good.replace('{{host}}:{{port}}', '{{hostname}}'))).toMatch(/hostname/)
    expect(told(good.replace('{{host}}:{{port}}', '{{#if host}}'))).toMatch(/mine\.yaml: Proxy/)
    expect(told('name: [')).toMatch(/softphones\/mine\.yaml/)
  })
})
