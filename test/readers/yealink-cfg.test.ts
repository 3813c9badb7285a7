import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readYealinkCfg } from '../../src/readers/yealink-cfg.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (...lines: string[]) => readYealinkCfg(bytes(['#!version:1.0.0.1', ...lines, ''].join('\n')))
const pairs = (text: string) => {
  const result = readYealinkCfg(bytes(text))
  if (!result.ok) throw new Error(`${result.line}: ${result.reason}`)
  return result.entries.map(({ name, value }) => [name, value])
}

describe('a Yealink file of V70 and later', () => {
  test('gives its parameters in order, without comments, outer blanks and empty lines', () => {
    const file = `#!version:1.0.0.1
## account 1
account.1.enable = 1
account.1.label=Front desk

account.1.password =  p#a=s;s "w"
voice.side_tone=
linekey.2.value = %NULL%
#account.1.enable = 0
account.1.codec.G722_1c_48kpbs.enable = 0
`
    expect(pairs(file)).toEqual([
      ['account.1.enable', '1'],
      ['account.1.label', 'Front desk'],
      ['account.1.password', 'p#a=s;s "w"'],
      ['voice.side_tone', ''],
      ['linekey.2.value', '%NULL%'],
      ['account.1.codec.G722_1c_48kpbs.enable', '0'],
    ])
  })

  test('may end its lines with CR LF, and the last line with nothing', () => {
    expect(pairs('#!version:1.0.0.1\r\nlang.gui = German\r\nsip.listen_port = 5060')).toEqual([
      ['lang.gui', 'German'],
      ['sip.listen_port', '5060'],
    ])
  })

  test('keeps Cyrillic, emoji and a no-break space as they are', () => {
    expect(pairs('#!version:1.0.0.1\naccount.1.display_name = Приёмная 📞\u00a0\n')).toEqual([
      ['account.1.display_name', 'Приёмная 📞\u00a0'],
    ])
  })

  test('knows security.user_password once per user, with and without the static prefix', () => {
    const lines = ['security.user_password = admin:a', 'security.user_password = user:b']
    expect(read(...lines, 'static.security.user_password = admin:a')).toMatchObject({ ok: true })
    expect(read(...lines, 'security.user_password = admin:c')).toMatchObject({ ok: false, line: 4 })
  })
})

describe('a Yealink file is refused', () => {
  const whole: [string, string, number][] = [
    ['that is empty', '', 1],
    ['without the version line', 'account.1.enable = 1\n', 1],
    ['with a blank line before the version', '\n#!version:1.0.0.1\n', 1],
    ['with a byte order mark', '\ufeff#!version:1.0.0.1\n', 1],
    ['with another version', '#!version:1.0.0.2\n', 1],
    ['with a blank after the version', '#!version:1.0.0.1 \n', 1],
  ]
  test.each(whole)('%s', (_, text, line) => {
    expect(readYealinkCfg(bytes(text))).toMatchObject({ ok: false, line })
  })

  test.each([
    ['with a line without "="', 'static.network.qos.audiotos 46'],
    ['with an empty name', ' = 1'],
    ['with a blank in a name', 'account.1 .enable = 1'],
    ['with a comment that does not start in column 1', ' # account.1.enable = 1'],
    ['with a lone CR, which could end a line', 'account.1.label = Bob\rfirmware.url = http://x/'],
    ['with NUL', 'account.1.label = a\0b'],
    ['with a C1 next-line character', 'account.1.label = a\u0085b'],
    ['with U+2028', 'account.1.label = a\u2028b'],
    ['with a tabulator inside a value', 'account.1.label = a\tb'],
    ['with a control character in a comment', '# \u001b[2J'],
    ['with a boot-file include', 'include:config <sip.cfg>'],
    ['with a section of the old format', '[ account ]'],
  ])('%s', (_, line) => {
    expect(read('account.1.enable = 1', line)).toMatchObject({ ok: false, line: 3 })
  })

  test('with a parameter given twice', () => {
    const result = read('account.1.enable = 1', 'account.1.label = x', 'account.1.enable = 0')
    expect(result).toEqual({ ok: false, line: 4, reason: 'account.1.enable is given twice' })
  })

  test('that is not UTF-8, with the line', () => {
    const file = Uint8Array.from([...bytes('#!version:1.0.0.1\na.b = 1\nc.d = '), 0xe9, 0x0a])
    expect(readYealinkCfg(file)).toEqual({ ok: false, line: 3, reason: 'not valid UTF-8' })
  })

  test('without its value in the reason', () => {
    const result = read('account.1.password = s3cret\u0001')
    expect(JSON.stringify(result)).not.toContain('s3cret')
  })
})

describe('a Yealink file, whatever its bytes', () => {
  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (random) => typeof readYealinkCfg(random).ok === 'boolean'),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        const result = readYealinkCfg(Uint8Array.from([...bytes('#!version:1.0.0.1\n'), ...random]))
        return typeof result.ok === 'boolean'
      }),
    )
  })

  test('gives back what was written line by line', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}(\.[a-z0-9_]{1,8}){0,3}$/)
    const value = fc.stringMatching(/^[!-~А-я]([ -~А-я]{0,30}[!-~А-я])?$/)
    const file = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 20 })
    fc.assert(
      fc.property(file, (settings) => {
        const text = ['#!version:1.0.0.1', ...settings.map(([key, text]) => `${key} = ${text}`)].join('\n')
        expect(pairs(text)).toEqual(settings)
      }),
    )
  })
})
