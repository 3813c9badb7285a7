import { describe, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import type { BootEnd } from '../../src/simulator/boot-sequence.js'
import { boot, bootFileIncludes } from '../../src/simulator/boot-sequence.js'
import type { FetchOutcome } from '../../src/simulator/boot-files.js'
import { SIMULATED_MODELS } from '../../src/simulator/models.js'

const BASE = 'http://127.0.0.1:8080/'
const mac = '001565aabbcc' as Mac
const file = (text: string): FetchOutcome => ({ kind: 'file', bytes: new TextEncoder().encode(text) })
const NOT_FOUND: FetchOutcome = { kind: 'not-found' }

/** Runs a boot against files by name; a list gives one outcome per attempt, the last one stays. */
function run(id: string, files: Record<string, string | FetchOutcome[]>, baseUrl = BASE) {
  const model = SIMULATED_MODELS.get(id)
  if (!model) throw new Error(id)
  const asked: string[] = []
  const attempts = new Map<string, number>()
  const sequence = boot({ model, mac, baseUrl })
  let step = sequence.next()
  while (!step.done) {
    if (step.value.kind === 'wait') {
      asked.push(`wait ${step.value.delayMs}`)
      step = sequence.next()
      continue
    }
    const name = step.value.url.replace(BASE, '')
    asked.push(name)
    const answer = files[name] ?? [NOT_FOUND]
    const attempt = attempts.get(name) ?? 0
    attempts.set(name, attempt + 1)
    step = sequence.next(typeof answer === 'string' ? file(answer) : (answer[attempt] ?? answer.at(-1)))
  }
  return { asked, end: step.value }
}
const users = (end: BootEnd) => (end.kind === 'configured' ? end.accounts.map((account) => account.user) : end)

const yealinkFile = (user: string) =>
  `#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = ${user}\naccount.1.sip_server.1.address = 127.0.0.1\n`
const snomFile = (user: string, idx = 1) =>
  `<settings><phone-settings><user_name idx="${idx}">${user}</user_name><user_host idx="${idx}">h</user_host></phone-settings></settings>`
const grandstreamFile = (content: string) => `<gs_provision version="1">${content}</gs_provision>`
const grandstreamAccount = (user: string, more = '') =>
  `<config version="1"><P271>1</P271><P47>h</P47><P35>${user}</P35>${more}</config>`

describe('a Yealink phone', () => {
  test.each([
    ['yealink/t19p', ['y000000000031.cfg', '001565aabbcc.cfg']],
    ['yealink/t21p', ['y000000000034.cfg', '001565aabbcc.cfg']],
    ['yealink/t28p', ['y000000000000.cfg', '001565aabbcc.cfg']],
    ['yealink/t19p-e2', ['001565aabbcc.boot', 'y000000000000.boot', 'y000000000053.cfg', '001565aabbcc.cfg']],
    ['yealink/t21p-e2', ['001565aabbcc.boot', 'y000000000000.boot', 'y000000000052.cfg', '001565aabbcc.cfg']],
  ])('%s asks for its files in order', (id, expected) => {
    const { asked, end } = run(id, { '001565aabbcc.cfg': yealinkFile('101') })
    expect(asked).toEqual(expected)
    expect(users(end)).toEqual(['101'])
  })

  test('lets its own file win over the common one', () => {
    const { end } = run('yealink/t28p', {
      'y000000000000.cfg': yealinkFile('common'),
      '001565aabbcc.cfg': yealinkFile('own'),
    })
    expect(users(end)).toEqual(['own'])
  })

  test('with a boot file loads only what that includes', () => {
    const { asked, end } = run('yealink/t21p-e2', {
      '001565aabbcc.boot': '#!version:1.0.0.1\ninclude:config <a/own.cfg>\n[T46S,T48S]include:config "other.cfg"\n',
      'a/own.cfg': yealinkFile('102'),
    })
    expect(asked).toEqual(['001565aabbcc.boot', 'a/own.cfg'])
    expect(users(end)).toEqual(['102'])
  })

  test('reads the transport that its generation knows', () => {
    const own = `${yealinkFile('101')}account.1.transport = 1\naccount.1.sip_server.1.transport_type = 0\n`
    const transports = ['yealink/t28p', 'yealink/t21p-e2'].map((id) => {
      const { end } = run(id, { '001565aabbcc.cfg': own })
      return end.kind === 'configured' ? end.accounts[0]?.transport : end
    })
    expect(transports).toEqual(['tcp', 'udp'])
  })

  test('gives up after three attempts at a server that is unavailable', () => {
    const unavailable: FetchOutcome = { kind: 'unavailable', detail: 'HTTP 503' }
    const { asked, end } = run('yealink/t28p', { 'y000000000000.cfg': [unavailable] })
    const name = 'y000000000000.cfg'
    expect(asked).toEqual([name, 'wait 5000', name, 'wait 10000', name])
    expect(end).toEqual({ kind: 'failed', failure: 'unavailable', detail: `${name}: HTTP 503` })
  })
})

test('a boot file names its includes for all models or in brackets', () => {
  const text =
    '#!version:1.0.0.1\r\ninclude:config <sip.cfg>\r\n[T21P_E2, T19P_E2]include:config "k.cfg"\r\noverwrite_mode = 1\r\n'
  const bytes = new TextEncoder().encode(text)
  expect(bootFileIncludes(bytes, 'T19P_E2')).toEqual(['sip.cfg', 'k.cfg'])
  expect(bootFileIncludes(bytes, 'T46S')).toEqual(['sip.cfg'])
  expect(() => bootFileIncludes(new TextEncoder().encode('include:config <a>'), 'T46S')).toThrow('unreadable')
})

describe('a Snom phone', () => {
  const index = 'snomD120.htm'
  const own = 'snomD120-001565AABBCC.htm'

  test('asks for the file of its model and then for its own, MAC in upper case', () => {
    const { asked, end } = run('snom/d120', { [own]: snomFile('101') })
    expect(asked).toEqual([index, own])
    expect(users(end)).toEqual(['101'])
    expect(run('snom/d785', {}).asked).toEqual(['snomD785.htm', 'snomD785-001565AABBCC.htm'])
  })

  test('follows a list of files in its place, with {mac} filled in', () => {
    const { asked, end } = run('snom/d120', {
      [index]: '<setting-files><file url="p/T0K/{mac}.xml"/><file url="general.xml"/></setting-files>',
      'p/T0K/001565AABBCC.xml': snomFile('101'),
      'general.xml': snomFile('102', 2),
      [own]: snomFile('103'),
    })
    expect(asked).toEqual([index, 'p/T0K/001565AABBCC.xml', 'general.xml', own])
    expect(users(end)).toEqual(['103', '102'])
  })

  test('stops at a list that names itself', () => {
    const { end } = run('snom/d120', { [index]: `<setting-files><file url="${index}"/></setting-files>` })
    expect(end).toMatchObject({ kind: 'failed', failure: 'unreadable' })
  })
})

describe('a Grandstream phone', () => {
  test('asks for the binary file, its own, its model’s and everybody’s', () => {
    const { asked, end } = run('grandstream/gxp1628', {})
    expect(asked).toEqual(['cfg001565aabbcc', 'cfg001565aabbcc.xml', 'cfggxp1628.xml', 'cfg.xml'])
    expect(end).toMatchObject({ kind: 'failed', failure: 'not-found' })
  })

  test('stops at the first XML that loads', () => {
    const { asked, end } = run('grandstream/grp2614', {
      cfg001565aabbcc: 'binary',
      'cfg001565aabbcc.xml': grandstreamFile(`<mac>001565AABBCC</mac>${grandstreamAccount('101')}`),
      'cfg.xml': grandstreamFile(grandstreamAccount('102')),
    })
    expect(asked).toEqual(['cfg001565aabbcc', 'cfg001565aabbcc.xml'])
    expect(users(end)).toEqual(['101'])
  })

  test('goes on when P8467 tells it to load all', () => {
    const { asked } = run('grandstream/gxp2160', {
      'cfg001565aabbcc.xml': grandstreamFile(grandstreamAccount('101', '<P8467>1</P8467>')),
    })
    expect(asked.slice(2)).toEqual(['cfggxp2160.xml', 'cfg.xml'])
  })

  test('refuses a file for another MAC', () => {
    const { end } = run('grandstream/gxp1628', {
      'cfg001565aabbcc.xml': grandstreamFile(`<mac>c074ad000001</mac>${grandstreamAccount('101')}`),
    })
    expect(end).toMatchObject({ failure: 'unreadable', detail: 'cfg001565aabbcc.xml is for another phone' })
  })

  test('backs off while nobody answers, and goes on when the server is back', () => {
    const silent: FetchOutcome = { kind: 'no-answer', detail: 'ECONNREFUSED' }
    const { asked, end } = run('grandstream/gxp1628', {
      cfg001565aabbcc: [silent, silent, NOT_FOUND],
      'cfg001565aabbcc.xml': grandstreamFile(grandstreamAccount('101')),
    })
    expect(asked.slice(0, 5)).toEqual([
      'cfg001565aabbcc',
      'wait 2000',
      'cfg001565aabbcc',
      'wait 4000',
      'cfg001565aabbcc',
    ])
    expect(users(end)).toEqual(['101'])
  })
})

describe('any phone', () => {
  test('says which line of which file it cannot read, without the value', () => {
    const { end } = run('yealink/t28p', { '001565aabbcc.cfg': '#!version:1.0.0.1\npassword s3cret\n' })
    expect(end).toEqual({
      kind: 'failed',
      failure: 'unreadable',
      detail: '001565aabbcc.cfg line 2: neither a comment nor "name = value"',
    })
  })

  test('tells a missing file from a config without accounts', () => {
    const off = '#!version:1.0.0.1\naccount.1.enable = 0\n'
    expect(run('yealink/t28p', { '001565aabbcc.cfg': off }).end).toMatchObject({ failure: 'no-active-account' })
    expect(run('yealink/t28p', { 'y000000000000.cfg': off }).end).toMatchObject({ failure: 'not-found' })
    const refused: FetchOutcome = { kind: 'refused', detail: 'HTTP 403' }
    expect(run('yealink/t28p', { '001565aabbcc.cfg': [refused] }).end).toMatchObject({ failure: 'not-found' })
  })

  test('resolves its files against the directory it was told', () => {
    const { asked } = run('snom/d120', {}, 'tftp://127.0.0.1:6969/dir/')
    expect(asked).toEqual([
      'tftp://127.0.0.1:6969/dir/snomD120.htm',
      'tftp://127.0.0.1:6969/dir/snomD120-001565AABBCC.htm',
    ])
  })
})
