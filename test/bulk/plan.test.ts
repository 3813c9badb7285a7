import { describe, expect, test } from '@jest/globals'
import type { ExportOptions } from '../../src/bulk/export-rows.js'
import { NO_PAUSE } from '../../src/bulk/pace.js'
import { planSize } from '../../src/bulk/apply.js'
import { changedSince } from '../../src/bulk/basis.js'
import type { Existing } from '../../src/bulk/plan-parts.js'
import type { ImportOptions } from '../../src/bulk/import-options.js'
import type { Prepared } from '../../src/bulk/prepare.js'
import { keyCell } from '../../src/bulk/key-cell.js'
import { NO_POLICY } from '../../src/extensions/policy.js'
import { afterPlan, exportedFrom, importParts, NOTHING_THERE, prepared } from '../support/imports.js'

const parts = importParts()

const exported = (existing: Existing, options: ExportOptions = {}): Promise<string> =>
  exportedFrom(existing, parts, options)

const changed = (basis: readonly string[], now: Existing): Promise<string[]> => changedSince(basis, now, NO_PAUSE)

const read = (csv: string, existing?: Existing, options?: ImportOptions): Promise<Prepared> =>
  prepared(csv, parts, existing, options)

/** What there is after a file went in. */
async function after(csv: string, before?: Existing): Promise<Existing> {
  const { planned, obstacles } = await read(csv, before)
  expect(obstacles).toEqual([])
  return afterPlan(planned, before)
}

const outcomes = ({ planned }: Prepared): string[] => planned.reports.map(({ outcome }) => outcome)
const problems = ({ planned }: Prepared): (string | undefined)[][] =>
  planned.reports.flatMap((report) => report.problems.map(({ column, code, severity }) => [column, code, severity]))

describe('planning an import', () => {
  test('rows of the same MAC are the lines of that phone, each with its own credentials', async () => {
    const { planned } = await read(
      'mac,model,extension,name\n001565aabbcc,yealink/t21p-e2,101,Anna\n00:15:65:AA:BB:CC,,102,Bob\n,,103,Carla\n',
    )
    const made = planned.plan
    expect(made.createExtensions.map(({ number, displayName }) => [number, displayName])).toEqual([
      ['101', 'Anna'],
      ['102', 'Bob'],
      ['103', 'Carla'],
    ])
    expect(made.createDevices).toHaveLength(1)
    const lines = made.createDevices[0]?.lines ?? []
    expect(lines.map(({ position }) => position)).toEqual([1, 2])
    expect(new Set(lines.map(({ sealedPassword }) => sealedPassword)).size).toBe(2)
  })

  test('a weak password is a warning, not an error', async () => {
    expect(problems(await read('extension,password\n101,1234\n'))).toEqual([
      ['password', 'PASSWORD_INVALID', 'warning'],
    ])
  })

  test.each([
    ['a model nobody knows', 'mac,model,extension\n001565aabbcc,yealink/t99,101\n', 'model'],
    ['a new phone without a model', 'mac,extension\n001565aabbcc,101\n', 'model'],
    [
      'more lines than the phone has',
      'mac,model,extension\n001565aabbcc,snom/d120,1\n001565aabbcc,,2\n001565aabbcc,,3\n',
      'extension',
    ],
    [
      'two names for one extension',
      'extension,name,mac,model\n101,Anna,001565aabbcc,snom/d120\n101,Bob,001565aabbdd,snom/d120\n',
      'name',
    ],
    [
      'two models for one phone',
      'mac,model,extension\n001565aabbcc,snom/d120,1\n001565aabbcc,yealink/t28p,2\n',
      'model',
    ],
    ['the same key twice', 'extension,name,key1,key3\n101,Anna,blf:102,blf:102\n', 'keys'],
  ])('%s is refused with its column', async (_what, csv, column) => {
    const found = await read(csv)
    expect(problems(found).map(([first]) => first)).toContain(column)
    expect(found.obstacles).not.toEqual([])
  })

  test('a person or phone with a mistake in any of its rows is left out whole', async () => {
    const found = await read(
      'mac,model,extension,name,key1\n001565aabbcc,snom/d120,101,Anna,\n001565aabbcc,,102,Bob,fax:1\n,,103,Carla,\n',
      undefined,
      { mode: 'rows' },
    )
    expect(outcomes(found)).toEqual(['error', 'error', 'new'])
    expect(found.obstacles).toEqual([])
    expect(found.planned.plan.createExtensions.map(({ number }) => number)).toEqual(['103'])
    expect(found.planned.plan.createDevices).toEqual([])
  })

  test('a line that stays keeps its password, so that its phone stays registered', async () => {
    const before = await after('mac,model,extension\n001565aabbcc,yealink/t28p,101\n001565aabbcc,,102\n')
    const { planned } = await read('mac,extension\n001565aabbcc,101\n001565aabbcc,103\n', before)
    expect(planned.phones).toEqual({ added: 0, changed: 1, unchanged: 0 })
    const [first, second] = planned.plan.updateDevices[0]?.lines ?? []
    const [oldFirst, oldSecond] = [...before.devices.values()][0]?.lines ?? []
    expect(first).toEqual(oldFirst)
    expect(second?.sealedPassword).not.toBe(oldSecond?.sealedPassword)
  })

  test('a removed phone that comes back starts afresh', async () => {
    const before = await after('mac,model,extension\n001565aabbcc,yealink/t28p,101\n')
    const retired = new Map(
      [...before.devices].map(([mac, one]) => [mac, { ...one, state: 'retired' as const, lines: [] }]),
    )
    const { planned } = await read('mac,model,extension\n001565aabbcc,yealink/t28p,101\n', {
      ...before,
      devices: retired,
    })
    expect(planned.plan.purgeDevices).toHaveLength(1)
    expect(planned.plan.createDevices).toHaveLength(1)
  })

  test('a number outside the ranges of the site, or a password below its rules, is refused', async () => {
    const policy = { ...NO_POLICY, numberRanges: ['100-199'], passwordMinLength: 12 }
    const found = await read('extension,name,password\n500,Anna,\n101,Bob,abc123\n', { ...NOTHING_THERE, policy })
    expect(problems(found).map(([column, code]) => [column, code])).toEqual([
      ['number', 'NUMBER_INVALID'],
      ['password', 'PASSWORD_INVALID'],
    ])
  })

  test('a user name that somebody has is refused', async () => {
    const found = await read('extension,name,username\n101,Anna,sip.anna\n102,Bob,sip.anna\n')
    expect(problems(found)).toEqual([['username', 'LINE_INVALID', undefined]])
    expect(found.planned.plan.createExtensions[0]?.authUsername).toBe('sip.anna')
  })

  test('keys of the file take their places, others stay; overwrite leaves only those of the file', async () => {
    const before = await after('extension,name,key1,key2\n101,Anna,blf:102:Bob,dnd\n')
    const csv = 'extension,key1,key3\n101,blf:103,url:http://door.example/\n'
    const keysBy = async (strategy: 'update' | 'overwrite'): Promise<string[]> => {
      const { planned } = await read(csv, before, { strategy })
      return planned.plan.updateExtensions[0]?.keys.map((key) => `${key.position} ${keyCell(key)}`) ?? []
    }
    const kept = await keysBy('update')
    expect(kept).toEqual(['1 blf:103', '2 dnd', '3 url:http\\://door.example/'])
    expect(await keysBy('overwrite')).toEqual([kept[0], kept[2]])
  })
})

describe('what is there already', () => {
  const OFFICE = 'extension,name,email,jobTitle\n101,Anna,anna@example.com,Boss\n102,Bob,,\n'
  const FILE = 'extension,name,email,jobTitle\n101,Anna Berg,,\n102,Bob,bob@example.com,\n103,Carla,,\n'
  const by = async (strategy: 'skip' | 'update' | 'overwrite' | 'fail', file = FILE): Promise<Prepared> =>
    read(file, await after(OFFICE), { strategy })

  test('skip leaves people alone that are there', async () => {
    expect(outcomes(await by('skip'))).toEqual(['exists', 'exists', 'new'])
  })
  test('update changes what the file says, and empty cells say nothing', async () => {
    const found = await by('update')
    expect(outcomes(found)).toEqual(['changed', 'changed', 'new'])
    expect(found.planned.reports[0]?.changes).toEqual([{ field: 'name', before: 'Anna', after: 'Anna Berg' }])
    expect(found.planned.reports[1]?.changes).toEqual([{ field: 'email', after: 'bob@example.com' }])
  })
  test('overwrite also takes away what is empty in the file', async () => {
    const found = await by('overwrite')
    expect(found.planned.reports[0]?.changes).toEqual([
      { field: 'name', before: 'Anna', after: 'Anna Berg' },
      { field: 'email', before: 'anna@example.com' },
      { field: 'jobTitle', before: 'Boss' },
    ])
  })
  test('fail refuses everything when anybody is there', async () => {
    const found = await by('fail')
    expect(outcomes(found)).toEqual(['error', 'error', 'new'])
    expect(found.obstacles).toHaveLength(2)
  })

  const TWICE = 'extension,name\n101,Anna\n104,First\n104,Last\n'
  test.each(['skip', 'update', 'overwrite', 'fail'] as const)(
    'a row that is there twice is a mistake by strategy %s, unless it is said which counts',
    async (strategy) => {
      const existing = await after('extension,name\n105,Elif\n')
      const refused = await read(TWICE, existing, { strategy })
      expect(outcomes(refused)).toEqual(['new', 'new', 'duplicate'])
      expect(refused.obstacles).toHaveLength(1)
      for (const [duplicates, name] of [
        ['first', 'First'],
        ['last', 'Last'],
      ] as const) {
        const found = await read(TWICE, existing, { strategy, duplicates })
        expect(found.obstacles).toEqual([])
        expect(found.planned.plan.createExtensions.map(({ displayName }) => displayName)).toEqual(['Anna', name])
      }
    },
  )

  test('a change of any person, phone or setting that a plan looked at is noticed', async () => {
    const existing = await after(
      'mac,model,extension,name,jobTitle\n001565aabbcc,snom/d120,101,Anna,Boss\n,,102,Bob,\n',
    )
    const { planned } = await read('mac,model,extension,name\n001565aabbcc,snom/d120,101,Anna\n,,103,Carla\n', existing)
    expect(await changed(planned.basis, existing)).toEqual([])
    const [anna] = [...existing.extensions.values()]
    const grown = new Map(existing.extensions).set('101', { ...(anna as NonNullable<typeof anna>), revision: 7 })
    expect(await changed(planned.basis, { ...existing, extensions: grown })).toEqual(['extension 101'])
    expect(await changed(planned.basis, await after('extension,name\n103,Carla\n', existing))).toEqual([
      'extension 103',
    ])
    expect(await changed(planned.basis, await after('extension,jobTitle\n101,Chief\n', existing))).toEqual([
      'extension 101',
    ])
    const [phone] = [...existing.devices.values()]
    const devices = new Map(existing.devices).set('001565aabbcc' as never, {
      ...(phone as NonNullable<typeof phone>),
      state: 'retired',
    })
    expect(await changed(planned.basis, { ...existing, devices })).toEqual(['phone 001565aabbcc'])
    // Somebody the file says nothing of.
    expect(await changed(planned.basis, await after('extension,name\n102,Robert\n', existing))).toEqual([])
  })
})

describe('exporting', () => {
  test('each size has the columns of the one before, and all has those of phones and keys', async () => {
    const existing = await after('mac,model,extension,name,key1\n001565aabbcc,snom/d120,101,Anna,dnd\n')
    const headers = async (options: ExportOptions): Promise<string[]> =>
      (await exported(existing, options)).split('\r\n')[0]?.split(',') ?? []
    const [minimal, standard, full] = [
      await headers({ scope: 'minimal' }),
      await headers({ scope: 'standard' }),
      await headers({ scope: 'full' }),
    ]
    expect(minimal).toEqual([
      'number',
      'user_username',
      'user_email',
      'mobile_number',
      'sip_secret',
      'fwd_ringlength',
      'fwd_forwarding',
    ])
    expect(standard).toEqual(expect.arrayContaining(minimal))
    expect(full).toEqual(expect.arrayContaining(standard))
    expect(await headers({})).toEqual(['mac', 'model', 'extension', 'name', 'email', 'keysOfGroup', 'key1'])
  })

  test('a range of numbers is compared as numbers', async () => {
    const people = Array.from({ length: 30 }, (_, index) => `${195 + index},Somebody`).join('\n')
    const existing = await after(`extension,name\n9,Nine\n2000,Long\n${people}\n`)
    const rows = (await exported(existing, { from: '200', to: '209' })).trim().split('\r\n').slice(1)
    expect(rows.map((row) => row.split(',')[2])).toEqual(Array.from({ length: 10 }, (_, index) => String(200 + index)))
  })

  test('a part of the people takes only phones that are theirs alone', async () => {
    const existing = await after(
      'mac,model,extension,name\n001565aabbcc,snom/d120,101,Anna\n001565aabbcc,,102,Bob\n001565aabbdd,snom/d120,101,Anna\n',
    )
    const csv = await exported(existing, { q: 'anna' })
    expect(csv).toContain('001565aabbdd')
    expect(csv).not.toContain('001565aabbcc')
    expect(planSize((await read(csv, existing)).planned.plan)).toBe(0)
  })

  test('without the wish for passwords neither passwords nor PINs go out', async () => {
    const existing = await after('extension,name,password,voicemailPin\n101,Anna,Sehr-Geheim-77,4711\n')
    for (const scope of ['minimal', 'standard', 'full', 'all'] as const) {
      const csv = await exported(existing, { scope })
      expect(csv).not.toContain('Sehr-Geheim-77')
      expect(csv).not.toContain('4711')
    }
    expect(await exported(existing, { passwords: true })).toMatch(/Sehr-Geheim-77.*4711/)
  })

  test("other products' columns hold a name that was never given as two, and bring it back unchanged", async () => {
    const existing = await after(
      'extension,name,firstName,lastName,dialContext,sipProtocol\n101,Anna Berg,,,default,sip\n102,Bob Clarke,Bob,Clarke,default,sip\nnull,Carla Diaz,,,,\n',
    )
    const csv = await exported(existing, { profile: 'xivo' })
    const names = csv.split('\r\n').map((row) => row.split(',').slice(1, 3).join('+'))
    expect(names).toEqual(['firstname+lastname', 'Anna Berg+', 'Bob+Clarke', 'Carla Diaz+', ''])
    const again = await read(csv, existing)
    expect(outcomes(again)).toEqual(['same', 'same', 'same'])
    expect(planSize(again.planned.plan)).toBe(0)
    const elsewhere = await after(csv)
    expect(elsewhere.extensions.get('101')?.displayName).toBe('Anna Berg')
  })

  test('takes the group, state, keys and settings of a phone along, and names each that differs', async () => {
    const there = await after(
      'mac,model,extension,name,phoneGroup,phoneState,lineLabel,phoneKey.linekey@2,phone.language,line.transport\n' +
        '001565aabbcc,yealink/t21p-e2,101,Anna,Warehouse,blocked,Front,blf:102:Bob,de,tcp\n',
    )
    const other = await after('mac,model,extension,name\n001565aabbcc,yealink/t21p-e2,101,Anna\n')
    const { planned } = await read(await exported(there), other)
    expect(planned.reports[0]?.changes).toEqual([
      { field: 'phoneState', before: 'approved', after: 'blocked' },
      { field: 'phoneGroup', after: 'Warehouse' },
      { field: 'phoneKeys', after: 'linekey@2=blf:102:Bob' },
      { field: 'lines', before: '1=101', after: '1=101 Front' },
      { field: 'phone.language', after: 'de' },
      { field: 'line 1.transport', after: 'tcp' },
    ])
    // Whoever is registered stays so: only what was said is another.
    const [line] = planned.plan.updateDevices[0]?.lines ?? []
    expect(line?.sealedPassword).toBe([...other.devices.values()][0]?.lines[0]?.sealedPassword)
    expect(await exported(afterPlan(planned, other))).toBe(await exported(there))
  })

  test.each([
    ['skip', 'exists'],
    ['update', 'same'],
    ['overwrite', 'changed'],
  ] as const)('what is empty of a phone is taken away by overwriting alone (%s)', async (strategy, outcome) => {
    const there = await after(
      'mac,model,extension,phoneName,phoneGroup,lineLabel,phoneKey.linekey@2,phone.language\n' +
        '001565aabbcc,yealink/t21p-e2,101,Desk,Warehouse,Front,blf:102:Bob,de\n',
    )
    const empty =
      'mac,extension,phoneName,phoneGroup,lineLabel,phoneKey.linekey@2,phone.language\n001565aabbcc,101,,,,,\n'
    const found = await read(empty, there, { strategy })
    expect(outcomes(found)).toEqual([outcome])
    const [phone] = [...afterPlan(found.planned, there).devices.values()]
    const isGone = strategy === 'overwrite'
    expect([phone?.name, phone?.groupId, phone?.lines[0]?.label, phone?.keys.length]).toEqual(
      isGone ? [undefined, undefined, undefined, 0] : ['Desk', 'group-1', 'Front', 1],
    )
    expect(found.planned.plan.settings.flatMap(({ unset }) => unset)).toEqual(isGone ? ['language'] : [])
  })

  test.each([
    ['a bank that the phone has not', 'phoneKey.sidecar@1', 'blf:102', 'KEY_INVALID'],
    ['a place that the bank has not', 'phoneKey.linekey@99', 'blf:102', 'KEY_INVALID'],
    ['a state that is none', 'phoneState', 'retired', 'CSV_INVALID'],
    ['a wrong value', 'phone.language', '12', 'SETTING_VALUE_INVALID'],
  ])('%s is refused', async (_what, column, cell, code) => {
    const found = await read(`mac,model,extension,${column}\n001565aabbcc,yealink/t21p-e2,101,${cell}\n`)
    expect(problems(found).filter(([, , severity]) => severity === undefined)[0]?.[1]).toBe(code)
    expect(found.obstacles).not.toEqual([])
  })
})

describe('an export that goes through a spreadsheet', () => {
  const THERE =
    'extension,name,jobTitle,voicemailMailbox,imported.note\r\n0101,1-2,12:30,007,"00\r\n7"\r\n101,20 Ways,1.5E+11,8,3/4\r\n'

  test('for Excel has an apostrophe before digits that would become another number or a date', async () => {
    const existing = await after(THERE)
    const csv = await exported(existing, { bom: true })
    expect(csv).toContain("'0101,'1-2")
    expect(csv).toContain("101,'20 Ways")
    expect(csv).toContain("'12:30,'007")
    expect(csv).toContain("'1.5E+11,8")
    // What is taken back byte for byte stays as it is, as does what others read.
    expect(csv).toContain('"00\r\n7"')
    expect(await exported(existing, { bom: true, scope: 'minimal' })).toContain('0101,1-2')
    expect(await exported(existing)).not.toContain("'0")
    expect(new Set(outcomes(await read(csv, existing)))).toEqual(new Set(['same']))
  })

  test('is the same with the line ends of the spreadsheet', async () => {
    const existing = await after(THERE)
    const csv = (await exported(existing)).replaceAll('\r\n', '\n')
    expect(new Set(outcomes(await read(csv, existing)))).toEqual(new Set(['same']))
  })
})

describe('a number for somebody who has none yet', () => {
  const THERE = 'extension,name,email,jobTitle\nnull,Carla Diaz,carla@example.com,Cook\nnull,Dan Evans,,\n'

  test('is typed into the exported row, and it is that person who has it, with all that was kept', async () => {
    const there = await after(THERE)
    const csv = (await exported(there)).replace(/null(?=,Carla)/, '105')
    const found = await read(csv, there)
    expect(outcomes(found)).toEqual(['new', 'same', 'same'])
    expect(problems(found)).toEqual([[undefined, 'NUMBER_INVALID', 'warning']])
    const now = afterPlan(found.planned, there)
    expect(now.unnumbered.map(({ displayName }) => displayName)).toEqual(['Dan Evans'])
    expect(now.extensions.get('105')).toMatchObject({ displayName: 'Carla Diaz', email: 'carla@example.com' })
  })

  test('brings what was kept, unless the row says otherwise; the name alone will do when one person has it', async () => {
    const there = await after(THERE)
    const found = await read('extension,name,jobTitle\n105,carla diaz,Chef\n106,Dan Evans,\n', there, {
      strategy: 'skip',
    })
    const now = afterPlan(found.planned, there)
    expect(now.unnumbered).toEqual([])
    expect(now.extensions.get('105')?.email).toBe('carla@example.com')
    expect(found.planned.plan.settings.map(({ set }) => [...set])).toEqual([[['jobTitle', 'Chef']]])
  })

  test.each([
    ['another e-mail address', 'extension,name,email\n105,Carla Diaz,other@example.com\n', THERE],
    [
      'another row says that she has none',
      'extension,name,email\n105,Carla Diaz,carla@example.com\nnull,Carla Diaz,carla@example.com\n',
      THERE,
    ],
    ['two have the name', 'extension,name\n105,Carla Diaz\n', `${THERE}null,Carla Diaz,carla2@example.com,\n`],
  ])('is not taken for that person: %s', async (_why, csv, before) => {
    const there = await after(before)
    const { planned } = await read(csv, there)
    expect(planned.plan.createExtensions.map(({ number }) => number)).toEqual(['105'])
    expect(planned.plan.takeUnnumbered).toEqual([])
  })

  test('is refused when the person was changed since the preview', async () => {
    const there = await after(THERE)
    const { planned } = await read('extension,name,email\n105,Carla Diaz,carla@example.com\n', there)
    const unnumbered = there.unnumbered.map((one) => ({ ...one, revision: one.revision + 1 }))
    expect(await changed(planned.basis, { ...there, unnumbered })).toEqual(['carla diaz <carla@example.com>'])
  })
})
