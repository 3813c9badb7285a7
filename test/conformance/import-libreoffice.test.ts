import { expect, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { templateCsv } from '../../src/bulk/template.js'
import { afterPlan, exportedFrom, importParts, prepared } from '../support/imports.js'
import { describeWithClients } from '../support/real-clients.js'

const run = promisify(execFile)
const OFFICE = [
  'mac,model,extension,name,email,jobTitle,groups,keysOfGroup,key1,key2,forwardBusy,imported.note',
  '001565aabbcc,yealink/t28p,0101,"Müller, Jörg",jm@example.com,"=1+1","Büro, Nord\\, West",,blf@2!:102:Bob,"speed-dial:+49301:Taxi: day",+4930123,"two\nlines"',
  '413234567,snom/d120,102,"O\'Neil, ""Bob""",,@home,,,url:http://door.example/,,*97,\'5',
  ',,12345678901234,Zoë Ж,,-x,"007",,,,,',
  ',,null,Carla,carla@example.com,1-2,,,,,+4930123,-1',
  ',,,,,,,"Nord, West",blf:0101:=1,speed-dial:0049,,',
  ',,,,,,,007,dnd,,,',
  '',
].join('\r\n')

describeWithClients('LibreOffice', { soffice: 'libreoffice-calc' }, () => {
  /** Opens the text as a CSV file, with as many columns as text as are said, and saves it as CSV again. */
  async function resaved(text: string, columns: number): Promise<Buffer> {
    const folder = await mkdtemp(join(tmpdir(), 'phoneboot-office-'))
    try {
      const path = join(folder, 'in.csv')
      await writeFile(path, text)
      const asText = Array.from({ length: columns }, (_, index) => `${index + 1}/2`).join('/')
      // Token 1 to 5: delimiter, quote, UTF-8, first line, formats of the columns (LibreOffice, "Filter Options for CSV").
      const load = `CSV:44,34,76,1,${asText}`
      const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`
      const common = ['--headless', '--norestore', profile, `--infilter=${load}`]
      const save = 'csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false'
      await run('soffice', [...common, '--convert-to', save, '--outdir', join(folder, 'out'), path], {
        timeout: 90_000,
      })
      return await readFile(join(folder, 'out', 'in.csv'))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  test('opens an export and saves it with semicolons; importing that shows no difference', async () => {
    const parts = importParts()
    const first = await prepared(OFFICE, parts)
    expect(first.obstacles).toEqual([])
    const existing = afterPlan(first.planned)
    const csv = await exportedFrom(existing, parts, { bom: true })
    const again = await prepared(await resaved(csv, csv.split('\r\n')[0]?.split(',').length ?? 0), parts, existing)
    expect(again.file.delimiter).toBe(';')
    const { reports } = again.planned
    expect(reports.map(({ outcome, name }) => [outcome, name])).toEqual([
      ['same', 'O\'Neil, "Bob"'],
      ['same', 'Müller, Jörg'],
      ['same', 'Zoë Ж'],
      ['same', 'Carla'],
      ['same', 'Warehouse'],
      ['same', 'Nord, West'],
      ['same', '007'],
      ['same', 'Büro'],
    ])
    expect(reports.flatMap(({ changes, problems }) => [...changes, ...problems])).toEqual([])
  }, 120_000)

  test('opens an export for Excel as it is, without a word of columns; zeros, dates and exponents stay', async () => {
    const parts = importParts()
    const file = [
      'mac,model,extension,name,voicemailMailbox,phoneGroup,lineLabel,phone.language,phone.raw.yealink.account.1.ptime',
      '001565000013,yealink/t28p,0101,1-2,007,=North,12:30,de,1.10',
      '0004131e0512,snom/d120,102,1.5E+11,12345678901234567,,2026-01-05,,',
      '',
    ].join('\r\n')
    const existing = afterPlan((await prepared(file, parts)).planned)
    const csv = await exportedFrom(existing, parts, { bom: true })
    const again = await prepared(await resaved(csv, 0), parts, existing)
    expect(again.obstacles).toEqual([])
    expect(again.planned.reports.filter(({ outcome }) => outcome !== 'same')).toEqual([])
  }, 120_000)

  test('opens a template and saves it; it imports as it stands', async () => {
    const parts = importParts()
    for (const id of ['phoneboot', 'phoneboot-people', 'phoneboot-keys', 'mikopbx-full']) {
      const csv = templateCsv(parts.profiles, id)
      const direct = await prepared(csv, parts)
      const saved = await prepared(await resaved(csv, csv.split('\r\n')[0]?.split(',').length ?? 0), parts)
      expect([saved.obstacles, saved.file.profile]).toEqual([[], id])
      expect(saved.planned.reports).toEqual(direct.planned.reports)
    }
  }, 240_000)
})
