import { describe, expect, test } from '@jest/globals'
import type { PhoneFile } from '../../src/catalog/manifest.js'
import { AppError } from '../../src/domain/errors.js'
import { Secret } from '../../src/domain/secret.js'
import { Sheet } from '../../src/provisioning/sheet.js'
import { createTemplates } from '../../src/provisioning/template.js'

const FILE: PhoneFile = {
  key: 'device',
  path: '{mac}.cfg',
  scope: 'device',
  template: 't.hbs',
  expectedMiss: false,
  secrets: true,
  contentType: 'text/plain',
  escape: 'kv',
  entry: '{name} = {value}',
  attributes: {},
  empty: '%NULL%',
  booleans: [0, 1],
  reader: 'yealink-cfg',
}

interface Options {
  file?: Partial<PhoneFile>
  raw?: [string, string][]
  mask?: string
  partials?: [string, string][]
}

function render(source: string, view: object = {}, { file, raw = [], mask, partials = [] }: Options = {}): string {
  const words = { transport: { udp: 0, tcp: 1, tls: null } }
  const sheet = new Sheet({
    file: { ...FILE, ...file },
    words,
    raw: new Map(raw),
    ...(mask === undefined ? {} : { mask }),
  })
  return createTemplates(new Map(partials))(source, 't.hbs')(view, sheet)
}

function code(run: () => unknown): string {
  try {
    return `gave ${String(run())}`
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

describe('a value that does not exist is an error wherever it is used', () => {
  test.each([
    '{{nope}}',
    '{{a.nope}}',
    '{{nope.deeper}}',
    '{{set "x" nope}}',
    '{{set "x" a.nope}}',
    '{{set "x" (concat "a" nope)}}',
    '{{set "x" (word "transport" nope)}}',
    '{{set "x" 1 idx=nope}}',
    '{{#if nope}}x{{/if}}',
    '{{#unless nope}}x{{/unless}}',
    '{{#if (eq nope 1)}}x{{/if}}',
    '{{#each nope}}x{{/each}}',
    '{{#with nope}}x{{/with}}',
    '{{#if one}}{{else if nope}}{{/if}}{{#unless one}}{{else}}{{nope}}{{/unless}}',
    '{{#each list}}{{nope}}{{/each}}',
    '{{#each list}}{{../nope}}{{/each}}',
    '{{#each list}}{{@root.nope}}{{/each}}',
    '{{#each list}}{{set "a.{nope}" 1}}{{/each}}',
    '{{> part nope}}',
    '{{> part x=nope}}',
    '{{constructor}}',
    '{{__proto__}}',
    '{{set "x" a.constructor}}',
    '{{set "{constructor}" 1}}',
  ])('%s', (source) => {
    const view = { one: 1, a: { b: 1 }, list: [{ c: 1 }] }
    expect(code(() => render(source, view, { partials: [['part', '{{one}}']] }))).toBe('TEMPLATE_VALUE_MISSING')
  })

  test('but null is a value: cleared', () => {
    expect(render('{{set "x" gone}}', { gone: null })).toBe('x = %NULL%')
    expect(render('{{#if gone}}yes{{else}}no{{/if}}', { gone: null })).toBe('no')
    expect(render('{{set "x" (concat "sip:" gone)}}', { gone: null })).toBe('x = %NULL%')
  })

  test('a word that a table does not have is one too; a null word is "cleared"', () => {
    expect(code(() => render('{{set "t" (word "transport" t)}}', { t: 'sctp' }))).toBe('TEMPLATE_VALUE_MISSING')
    expect(code(() => render('{{set "t" (word "transport" t)}}', { t: 'constructor' }))).toBe('TEMPLATE_VALUE_MISSING')
    expect(code(() => render('{{set "t" (word "nosuch" t)}}', { t: 'udp' }))).toBe('TEMPLATE_VALUE_MISSING')
    expect(render('{{set "t" (word "transport" t)}}', { t: 'tls' })).toBe('t = %NULL%')
  })
})

describe('what a template may not do is told with file and line', () => {
  test.each([
    ['{{{raw}}}', /t\.hbs:1/],
    ['\n{{&raw}}', /t\.hbs:2/],
    ['{{#if one}}\n{{{raw}}}{{/if}}', /t\.hbs:2/],
    ['{{#if one}}{{else}}\n\n{{{raw}}}{{/if}}', /t\.hbs:3/],
    ['{{#*inline "p"}}{{{raw}}}{{/inline}}{{> p}}', /DecoratorBlock is not allowed/],
    ['{{#> p}}{{{raw}}}{{/p}}', /PartialBlockStatement is not allowed/],
    ['{{lookup a "b"}}', /no helper "lookup"/],
    ['{{log "x"}}', /no helper "log"/],
    ['{{#nope a}}{{/nope}}', /no block "#nope"/],
    ['{{#one}}{{{raw}}}{{/one}}', /no block "#one"/],
    ['{{set "x" (__frame raw "y")}}', /no helper "__frame"/],
    ['{{#each a as |x|}}{{x}}{{/each}}', /#each takes one argument/],
    ['{{#if a b}}x{{/if}}', /#if takes one argument/],
    ['{{> (concat "a" "b")}}', /t\.hbs:1: the name of a partial/],
    ['{{set "x"}}', /t\.hbs:1: set needs a name and a value/],
    ['{{#each a}}{{@../index}}{{/each}}', /is not allowed/],
  ])('%s', (source, message) => {
    expect(() => createTemplates(new Map())(source, 't.hbs')).toThrow(
      expect.objectContaining({ code: 'TEMPLATES_INVALID', message: expect.stringMatching(message) }),
    )
  })

  test('in a partial as well', () => {
    expect(() => createTemplates(new Map([['yealink/part', 'ok\n{{{raw}}}']]))).toThrow(/yealink\/part:2/)
  })
})

describe('blocks and partials', () => {
  test('a partial sees its context and arguments, and is indented as it stands', () => {
    const partials: [string, string][] = [['p', '{{set "a" b}}\n{{set "c" d}}\n']]
    expect(render('{{#each list}}\n  {{> p d=@root.e}}\n{{/each}}', { e: 2, list: [{ b: 1 }] }, { partials })).toBe(
      '  a = 1\n  c = 2\n',
    )
    expect(
      code(() => render('{{#each list}}{{> q}}{{/each}}', { b: 1, list: [{}] }, { partials: [['q', '{{../b}}']] })),
    ).toBe('TEMPLATE_VALUE_MISSING')
  })

  test('each tells the place, else comes for an empty list, and what is no list is an error', () => {
    const source = '{{#each list}}{{@index}}{{#if @first}}a{{/if}}{{#if @last}}z{{/if}} {{else}}none{{/each}}'
    expect(render(source, { list: [1, 2, 3] })).toBe('0a 1 2z ')
    expect(render(source, { list: [] })).toBe('none')
    expect(render(source, { list: null })).toBe('none')
    expect(code(() => render(source, { list: { a: 1 } }))).toBe('TEMPLATE_VALUE_MISSING')
  })

  test('zero and an empty list are nothing for #if, and what is part of null is null', () => {
    for (const none of [0, '', null, false, []]) expect(render('{{#if a}}yes{{else}}no{{/if}}', { a: none })).toBe('no')
    expect(render('{{set "x" a.b}}', { a: null })).toBe('x = %NULL%')
  })
})

describe('text outside parameters', () => {
  test('is escaped by the rule of the file', () => {
    expect(code(() => render('## {{name}}', { name: 'Anna\nevil = 1' }))).toBe('TEMPLATE_VALUE_REFUSED')
    expect(render('<!-- {{name}} -->', { name: '--><x>' }, { file: { escape: 'xml' } })).toBe(
      '<!-- --&gt;&lt;x&gt; -->',
    )
  })

  test('is escaped also when a helper made it', () => {
    expect(code(() => render('{{concat "# " name}}', { name: 'a\nb = 1' }))).toBe('TEMPLATE_VALUE_REFUSED')
    expect(render('{{#each list}}{{this}}{{/each}}', { list: ['<'] }, { file: { escape: 'xml' } })).toBe('&lt;')
  })
})

describe('secrets', () => {
  const view = { password: new Secret('hunter2') }

  test('are written only into a file that may hold them', () => {
    expect(render('{{set "p" password}}', view)).toBe('p = hunter2')
    for (const source of [
      '{{set "p" password}}',
      '{{password}}',
      '{{set "p" (concat "admin:" password)}}',
      '{{set "p" 1 idx=password}}',
    ]) {
      expect(code(() => render(source, view, { file: { secrets: false } }))).toBe('TEMPLATE_SECRET_DENIED')
    }
  })

  test('are masked for people, also when glued to other text', () => {
    const shown = render('{{set "p" password}}\n{{set "q" (concat "admin:" password)}}\n{{password}}', view, {
      mask: '*****',
    })
    expect(shown).toBe('p = *****\nq = *****\n*****')
  })

  test('do not get out by comparing, by a name, or by an error', () => {
    expect(render('{{#if (eq password "hunter2")}}yes{{else}}no{{/if}}', view)).toBe('no')
    expect(render('{{set (concat "x" password) 1}}', view)).not.toContain('hunter2')
    try {
      render('{{set "x" (word "transport" password)}}', view)
      throw new Error('was written')
    } catch (error) {
      expect(error).toMatchObject({ code: 'TEMPLATE_VALUE_MISSING', message: expect.not.stringContaining('hunter2') })
    }
  })
})

describe('raw vendor parameters', () => {
  test('win over what the template says, in its place', () => {
    expect(render('{{set "a" 1}}\n{{set "b" 2}}\n{{rest}}', {}, { raw: [['a', '9']] })).toBe('a = 9\nb = 2\n')
  })

  test('that the template does not know are written at {{rest}}, sorted', () => {
    expect(
      render(
        '{{set "a" 1}}\n{{rest}}',
        {},
        {
          raw: [
            ['z', '1'],
            ['m', '2'],
          ],
        },
      ),
    ).toBe('a = 1\nm = 2\nz = 1')
  })

  test('that are empty clear the parameter', () => {
    expect(
      render(
        '{{set "a" 1}}\n{{rest}}',
        {},
        {
          raw: [
            ['a', ''],
            ['b', ''],
          ],
        },
      ),
    ).toBe('a = %NULL%\nb = %NULL%')
  })
})

describe('values of every type', () => {
  test.each([
    [true, 'x = 1'],
    [false, 'x = 0'],
    [0, 'x = 0'],
    [1.5, 'x = 1.5'],
    ['', 'x ='],
    [null, 'x = %NULL%'],
  ])('%j', (value, line) => {
    expect(render('{{set "x" value}}', { value })).toBe(line)
  })

  test.each([[Number.NaN], [Infinity], [{}], [[]], [() => 1]])('%s cannot be written', (value) => {
    expect(code(() => render('{{set "x" (default value null)}}', { value }))).toBe('TEMPLATE_VALUE_MISSING')
  })
})
