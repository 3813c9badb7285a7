import { describe, expect, test } from '@jest/globals'
import { importParts, prepared } from '../support/imports.js'
import type { PhoneModel } from '../../src/catalog/manifest.js'
import { nameOfFile } from '../../src/catalog/catalog.js'
import { parseGiven, renderExample } from '../../src/provisioning/example.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS, type Entry, type ReaderName } from '../../src/readers/index.js'
import { accountsOf, type PhoneVendor } from '../../src/readers/phone-account.js'
import { loadPhones } from '../support/phone-catalog.js'

const phones = loadPhones()
const parts = { ...phones, render: createRenderer(phones.catalog, READERS) }
const MODELS = phones.catalog.models().map((model) => [model.model, model] as const)
const MAC = '001565aabbcc'

/** Everything that a phone with one line would load: files of its model and its own. */
function loaded(model: PhoneModel, settings: Readonly<Record<string, unknown>>, raw = {}): readonly Entry[] {
  const given = parseGiven(
    { mac: MAC, people: [{ number: '101', name: 'Anna' }], lines: [{ extension: '101' }], settings, raw },
    'test',
  )
  const files = renderExample(parts, model, given)
  return phones.catalog.files(model.model).flatMap((file) => {
    const body = files.get(nameOfFile(model, file, given.mac as never) ?? '')
    if (!body || body.length === 0) return []
    const read = READERS[file.reader as ReaderName](body)
    if (!read.ok) throw new Error(`${model.model}: ${read.reason}`)
    return read.entries
  })
}

/** The last value of a parameter, as a phone that loads one file after the other would have it. */
const value = (entries: readonly Entry[], name: string, idx?: string): string | undefined =>
  entries.findLast((one) => one.name === name && (idx === undefined || one.attributes.idx === idx))?.value

/** By the words of each vendor's guide: three values where three parameters say it together. */
type Words = (model: PhoneModel, entries: readonly Entry[]) => unknown
const isNamed = ({ model }: PhoneModel): boolean => model.includes('/grp')

describe('how keys pressed in a call are sent', () => {
  const told: Record<string, Words> = {
    yealink: (_model, entries) => value(entries, 'account.1.dtmf.type'),
    snom: (_model, entries) => [
      value(entries, 'user_dtmf_info', '1'),
      value(entries, 'codec_priority_list', '1')?.includes('telephone-event'),
    ],
    grandstream: (model, entries) =>
      (isNamed(model)
        ? ['account.1.dtmf.sendInAudio', 'account.1.dtmf.sendInRtp', 'account.1.dtmf.sendInSip']
        : ['P2301', 'P2302', 'P2303']
      ).map((name) => ['1', 'Yes'].includes(value(entries, name) ?? '')),
  }
  // Yealink: 0 in-band, 1 RFC 4733, 2 INFO. Snom: INFO or not, telephone-event offered or not. Grandstream: audio, RTP, SIP.
  const EXPECTED: Record<string, Record<string, unknown>> = {
    yealink: { auto: '1', rfc4733: '1', info: '2', inband: '0' },
    snom: {
      auto: ['off', true],
      rfc4733: ['off', true],
      info: ['sip_info_only', true],
      inband: ['off', false],
    },
    grandstream: {
      auto: [false, true, false],
      rfc4733: [false, true, false],
      info: [false, false, true],
      inband: [true, false, false],
    },
  }

  test.each(MODELS)('%s is told each of the four ways', (_id, model) => {
    for (const dtmf of phones.vocabulary.get('dtmf')?.values ?? []) {
      const words = told[model.family]?.(model, loaded(model, { dtmf }))
      expect([dtmf, words]).toEqual([dtmf, EXPECTED[model.family]?.[dtmf]])
    }
  })

  test('the words of a MikoPBX file come to the same four', async () => {
    const rows = ['auto', 'rfc4733', 'info', 'inband', 'rfc2833', 'auto_info']
    const lines = rows.map((word, index) => `${201 + index},Person ${index},${word}`)
    const csv = ['number,user_username,sip_dtmfmode', ...lines, ''].join('\n')
    const { planned, file } = await prepared(csv, importParts(), undefined, { profile: 'mikopbx-standard' })
    expect(file.columns.map(({ target }) => target)).toEqual(['number', 'name', 'dtmf'])
    expect(planned.plan.settings.map(({ set }) => set.get('dtmf'))).toEqual([
      ...['auto', 'rfc4733', 'info', 'inband', 'rfc4733', 'auto'],
    ])
  })
})

describe('the transport of an account', () => {
  test.each(MODELS)('%s is told each of the three, with the port that belongs to it', (_id, model) => {
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      const [account] = accountsOf(model.vendor.toLowerCase() as PhoneVendor, loaded(model, { transport }))
      // Phones whose TLS ends at 1.0 are told TCP instead.
      const is = transport === 'tls' && account?.transport === 'tcp' ? 'tcp' : transport
      expect([account?.transport, account?.port]).toEqual([is, is === 'tls' ? 5061 : 5060])
    }
  })
})

describe('the ringing time before a call goes on', () => {
  test.each(MODELS)('18 seconds on %s', (_id, model) => {
    const entries = loaded(model, { forwardNoAnswer: '202', forwardNoAnswerSeconds: 18 })
    const found = {
      yealink: value(entries, 'account.1.timeout_fwd.timeout') ?? value(entries, 'forward.no_answer.timeout'),
      snom: value(entries, 'fwd_time_secs', '1'),
      grandstream: value(entries, isNamed(model) ? 'account.1.featureCodes.delayedCallForwardWaitTime' : 'P139'),
    }[model.family]
    // Yealink counts rings of six seconds.
    expect(found).toBe(model.family === 'yealink' ? '3' : '18')
  })

  test('what is no whole ring is rounded up, and the help beside the field says so', () => {
    const yealink = phones.catalog.model('yealink/t21p-e2')
    const rings = [5, 6, 7, 20, 25].map((seconds) =>
      value(
        loaded(yealink as PhoneModel, { forwardNoAnswer: '202', forwardNoAnswerSeconds: seconds }),
        'account.1.timeout_fwd.timeout',
      ),
    )
    expect(rings).toEqual(['1', '1', '2', '4', '5'])
    expect(phones.vocabulary.get('forwardNoAnswerSeconds')?.help).toContain('next full ring of 6 s')
  })

  test('fwd_ringlength of a MikoPBX file is it', async () => {
    const csv = 'number,user_username,fwd_ringlength,fwd_forwarding\n201,Anna,18,202\n202,Bob,0,\n'
    for (const profile of ['mikopbx-minimal', 'mikopbx-standard', 'mikopbx-full']) {
      const { planned } = await prepared(csv, importParts(), undefined, { profile })
      expect(planned.plan.settings.map(({ set }) => Object.fromEntries(set))).toEqual([
        { forwardNoAnswerSeconds: 18, forwardNoAnswer: '202' },
      ])
    }
  })
})

describe('the language', () => {
  const WORDS: Record<string, Record<string, string>> = {
    yealink: { de: 'German', en: 'English', es: 'Spanish', fr: 'French' },
    snom: { de: 'Deutsch', en: 'English', es: 'Español', fr: 'Français' },
    grandstream: { de: 'de', en: 'en', es: 'es', fr: 'fr' },
  }
  const NAME: Record<string, string> = { yealink: 'lang.gui', snom: 'language', grandstream: 'P1362' }

  const THEIRS = { de_DE: 'de', en_US: 'en', es_ES: 'es', fr_FR: 'fr', fr_CA: 'fr' }

  test('each of a XiVO file is one of ours', async () => {
    const rows = Object.keys(THEIRS).map((language, index) => `P${index}|X|${language}|${1000 + index}|default|sip`)
    const csv = ['firstname|lastname|language|phonenumber|context|protocol', ...rows, ''].join('\n')
    const { planned } = await prepared(csv, importParts())
    expect(planned.plan.settings.map(({ set }) => set.get('language'))).toEqual(Object.values(THEIRS))
  })

  test.each(MODELS)('%s is told each of them, in its own words', (_id, model) => {
    for (const language of new Set(Object.values(THEIRS))) {
      const name = isNamed(model) ? 'language.gui' : (NAME[model.family] ?? '')
      expect([language, value(loaded(model, { language }), name)]).toEqual([language, WORDS[model.family]?.[language]])
    }
  })
})
