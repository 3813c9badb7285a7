import { csvText } from '../../bulk/csv-text.js'
import { ENCODINGS } from '../../bulk/decode.js'
import { DUPLICATE_RULES } from '../../bulk/duplicates.js'
import { SCOPES } from '../../bulk/export.js'
import { STRATEGIES } from '../../bulk/plan-parts.js'
import { MODES } from '../../bulk/prepare.js'
import { ROW_OUTCOMES } from '../../bulk/report.js'
import type { z } from 'zod'
import type { importJob, importRow } from '../../admin/api/import-schemas.js'
import { AppError } from '../../domain/errors.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { columnRows, optionsOf, type Option } from './import-columns.js'

type Job = z.output<typeof importJob>
type Row = z.output<typeof importRow>

const PAGE_ROWS = 100
const OBSTACLES_SHOWN = 8
const OUTCOMES = [...ROW_OUTCOMES, 'warning'] as const

const pathOf = (id: string): string => `/import/${encodeURIComponent(id)}`
const params = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })

async function start(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { words, site } = call
  const { items } = await ask<{ items: Job[] }>(call, 'listImports')
  const profiles = await ask<{ items: { id: string; title: string; about: string }[] }>(call, 'listImportProfiles')
  return {
    view: 'imports',
    title: words.t('import.title'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      refusal: refused ? refusalOf(call, refused) : undefined,
      text: call.form.text ?? '',
      range: {
        first: call.form.first ?? '',
        last: call.form.last ?? '',
        each: call.form.each ?? words.t('import.range.name.default'),
      },
      siteSlug: site.slug,
      mayExport: mayUse(call, 'exportCsv'),
      mayExportPasswords: mayUse(call, 'exportCsvWithPasswords'),
      scopes: optionsOf(SCOPES, 'all', (scope) => words.t(`import.scope.${scope}`)),
      profiles: profiles.items.filter(({ id }) => id !== 'any'),
      imports: items.map((job) => ({
        ...job,
        at: Date.parse(job.started),
        path: pathOf(job.id),
        name: job.fileName ?? words.t('import.pasted'),
        stateText: words.t(`import.state.${job.state}`),
        result: job.summary && job.state !== 'reading' ? counted(call, job) : '',
      })),
    },
  }
}

function counted({ words }: PageCall, { summary }: Job): string {
  const people = summary?.people ?? { added: 0, changed: 0 }
  const phones = summary?.phones ?? { added: 0, changed: 0 }
  return words.t('import.counts', { added: people.added + phones.added, changed: people.changed + phones.changed })
}

async function open(call: PageCall): Promise<PageAnswer> {
  const { file, form } = call
  const text = form.text?.trim() ?? ''
  const body = file && file.bytes.length > 0 ? file.bytes : new TextEncoder().encode(form.text ?? '')
  if ((!file || file.bytes.length === 0) && text === '') {
    throw new AppError('CSV_INVALID', call.words.t('import.nofile'), { field: 'file' })
  }
  const query = file && file.bytes.length > 0 ? { fileName: file.name } : {}
  const { id } = await ask<Job>(call, 'openImport', { body, query })
  return { to: pathOf(id) }
}

/** The form for many numbers is a file of one row, so that it is previewed and undone as files are. */
async function openRange(call: PageCall): Promise<PageAnswer> {
  const { first = '', last = '', each = '' } = call.form
  const range = `${first.trim()}-${last.trim()}`
  const body = new TextEncoder().encode(
    csvText([
      ['number', 'name'],
      [range, each],
    ]),
  )
  const { id } = await ask<Job>(call, 'openImport', { body, query: { fileName: range } })
  return { to: pathOf(id) }
}

async function one(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const job = await ask<Job>(call, 'showImport', { params: params(call) })
  const { words } = call
  return {
    view: 'import',
    title: job.fileName ?? words.t('import.pasted'),
    menu: 'people',
    ...(refused ? { status: refused.code === 'IMPORT_CHANGED' ? 409 : 422 } : {}),
    data: {
      job,
      here: pathOf(job.id),
      siteSlug: call.site.slug,
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: (refused?.details.problems ?? []).slice(0, OBSTACLES_SHOWN).map(({ message }) => message),
      isBusy: job.state === 'reading' || job.state === 'running',
      isPreview: job.state === 'preview',
      isDone: job.state === 'done',
      stateText: words.t(`import.state.${job.state}`),
      error: job.error,
      progress: progressOf(call, job),
      ...(job.state === 'preview' ? previewOf(call, job) : NO_PREVIEW),
      ...(job.summary && job.state !== 'reading' ? await resultOf(call, job) : NO_RESULT),
    },
  }
}

const NO_PREVIEW = { found: undefined, columns: [], choices: [], obstacles: [], mayRun: false }
const NO_RESULT = { outcomes: [], rows: [], links: {}, kept: [], left: [], repairs: [], people: '', phones: '' }

export function progressOf({ words }: Pick<PageCall, 'words'>, { progress }: Pick<Job, 'progress'>): object {
  if (!progress) return { text: words.t('import.stage.waiting'), value: undefined, max: 1 }
  const { stage, done: count, total } = progress
  const n = new Intl.NumberFormat(words.language)
  return {
    text: words.t(`import.stage.${stage}`, { done: n.format(count), total: n.format(total) }),
    value: count,
    max: Math.max(total, 1),
  }
}

function previewOf(call: PageCall, job: Job): object {
  const { words, use, parts } = call
  const { file, options = {}, obstacles = [] } = job
  const profiles = use.bulk.profiles()
  const auto: Option = { value: '', text: words.t('import.profile.auto'), chosen: options.profile === undefined }
  const known = profiles.map(({ id, title }) => ({ value: id, text: title, chosen: id === options.profile }))
  const told = (value: string | undefined): Option => ({
    value: '',
    text: words.t('import.auto'),
    chosen: value === undefined,
  })
  const delimiterWord = (name: string): string => (name === 'tab' ? words.t('import.tab') : name)
  const select = (name: string, label: string, from: readonly Option[]): object => ({ name, label, options: from })
  return {
    found: {
      encoding: file?.encoding ?? '',
      delimiter: delimiterWord(file?.delimiter ?? ','),
      profile: profiles.find(({ id }) => id === file?.profile)?.title ?? words.t('import.profile.none'),
    },
    columns: columnRows(call, file?.columns ?? [], parts.viewSources.vocabulary),
    choices: [
      select('profile', words.t('import.profile'), [auto, ...known]),
      select(
        'strategy',
        words.t('import.strategy'),
        optionsOf(
          ['update', ...STRATEGIES.filter((name) => name !== 'update')] as const,
          options.strategy ?? 'update',
          (name) => words.t(`import.strategy.${name}`),
        ),
      ),
      select(
        'mode',
        words.t('import.mode'),
        optionsOf(MODES, options.mode ?? 'all', (name) => words.t(`import.mode.${name}`)),
      ),
      select(
        'duplicates',
        words.t('import.duplicates'),
        optionsOf(DUPLICATE_RULES, options.duplicates ?? 'refuse', (name) => words.t(`import.duplicates.${name}`)),
      ),
      select('encoding', words.t('import.encoding'), [
        told(options.encoding),
        ...optionsOf(ENCODINGS, options.encoding, (name) => name),
      ]),
      select('delimiter', words.t('import.delimiter'), [
        told(options.delimiter),
        ...optionsOf([',', ';', 'tab', '|'] as const, options.delimiter, delimiterWord),
      ]),
    ],
    obstacles: obstacles.slice(0, OBSTACLES_SHOWN).map(({ message }) => message),
    mayRun: obstacles.length === 0,
  }
}

async function resultOf(call: PageCall, job: Job): Promise<object> {
  const { words, query } = call
  const { summary } = job
  if (!summary) return NO_RESULT
  const outcome = OUTCOMES.find((name) => name === query.outcome)
  const cursor = Number(/^\d{1,9}$/.exec(query.cursor ?? '')?.[0] ?? '0')
  const asked = given({ outcome, cursor: String(cursor), limit: String(PAGE_ROWS) })
  const rows = await ask<{ items: Row[]; nextCursor?: string }>(call, 'listImportRows', {
    params: params(call),
    query: asked,
  })
  const link = (changes: Record<string, string | undefined>): string => {
    const search = new URLSearchParams(given({ outcome, ...changes })).toString()
    return `${pathOf(job.id)}${search === '' ? '' : `?${search}`}#rows`
  }
  const count = (name: (typeof OUTCOMES)[number]): number =>
    name === 'warning' ? summary.warnings : summary.outcomes[name]
  return {
    outcomes: [
      {
        text: words.t('import.outcome.all'),
        total: summary.rows,
        path: link({ outcome: '' }),
        chosen: outcome === undefined,
      },
      ...OUTCOMES.filter((name) => count(name) > 0 || name === outcome).map((name) => ({
        text: words.t(`import.outcome.${name}`),
        total: count(name),
        path: link({ outcome: name }),
        chosen: outcome === name,
      })),
    ],
    rows: rows.items.map((row) => rowOf(call, row)),
    links: {
      first: cursor > 0 ? link({}) : undefined,
      next: rows.nextCursor === undefined ? undefined : link({ cursor: rows.nextCursor }),
    },
    kept: summary.kept.map(({ column, setting, rows: n }) => ({ column, setting, n })),
    left: summary.left.map(({ column, reason }) => ({ column, reason: reason ?? '' })),
    repairs: summary.repairs.map(({ repair, cells }) => ({
      text: words.find(`import.repair.${repair}`) ?? repair,
      n: cells,
    })),
    people: words.t('import.confirm.people', summary.people),
    phones: words.t('import.confirm.phones', summary.phones),
  }
}

const COLOURS: Readonly<Record<Row['outcome'], string>> = {
  new: 'green',
  changed: 'blue',
  same: 'secondary',
  exists: 'secondary',
  duplicate: 'orange',
  error: 'red',
}

function rowOf({ words }: PageCall, { row, number, mac, name, outcome, changes, problems }: Row): object {
  return {
    row,
    number,
    mac,
    name,
    outcomeText: words.t(`import.outcome.${outcome}`),
    colour: COLOURS[outcome],
    changes: changes.map(({ field, before, after }) => ({
      field,
      before: before ?? words.t('import.empty'),
      after: after ?? words.t('import.empty'),
    })),
    problems: problems.map(({ message, severity }) => ({ message, isWarning: severity === 'warning' })),
  }
}

async function change(call: PageCall): Promise<PageAnswer> {
  const { file, options } = await ask<Job>(call, 'showImport', { params: params(call) })
  const { profile = '', strategy, mode, duplicates, encoding, delimiter } = call.form
  const chosen = (file?.columns ?? []).flatMap(({ header, target }, index) => {
    const choice = call.form[`column-${index}`]
    return choice === undefined || choice === target ? [] : [[header, choice]]
  })
  // Another profile knows better what was said of the columns under the one before.
  const before = profile === (options?.profile ?? '') ? options?.map : {}
  const map = { ...before, ...Object.fromEntries(chosen) } as Record<string, string>
  const body = { ...given({ profile, strategy, mode, duplicates, encoding, delimiter }), map }
  await ask(call, 'changeImport', { params: params(call), body })
  return { to: pathOf(params(call).id) }
}

async function confirm(call: PageCall): Promise<PageAnswer> {
  await ask(call, 'confirmImport', { params: params(call), body: { token: call.form.token ?? '' } })
  return { to: pathOf(params(call).id) }
}

async function undoForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const job = await ask<Job>(call, 'showImport', { params: params(call) })
  return {
    view: 'import-undo',
    title: call.words.t('import.undo.title'),
    menu: 'people',
    ...(refused ? { status: 409 } : {}),
    data: {
      here: pathOf(job.id),
      name: job.fileName ?? call.words.t('import.pasted'),
      result: counted(call, job),
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: (refused?.details.problems ?? []).slice(0, 20).map(({ message }) => message),
    },
  }
}

function exporter(id: 'exportCsv' | 'exportCsvWithPasswords', suffix: string): (call: PageCall) => Promise<PageAnswer> {
  return async (call) => {
    const { scope, from, to, q, bom } = call.form
    const text = await ask<string>(call, id, { query: given({ scope, from, to, q, bom }) })
    const date = new Date(call.parts.clock.now()).toISOString().slice(0, 10)
    return { download: `phoneboot-${call.site.slug}${suffix}-${date}.csv`, text }
  }
}

export const importPages = [
  page({ id: 'imports', method: 'get', path: '/import', of: 'listImports', run: (call) => start(call) }),
  page({
    id: 'openImport',
    method: 'post',
    path: '/import',
    of: 'openImport',
    upload: 'file',
    run: open,
    refused: start,
  }),
  page({ id: 'openRange', method: 'post', path: '/import/range', of: 'openImport', run: openRange, refused: start }),
  page({
    id: 'exportPeople',
    method: 'post',
    path: '/import/export',
    of: 'exportCsv',
    run: exporter('exportCsv', ''),
    refused: start,
  }),
  page({
    id: 'exportPasswords',
    method: 'post',
    path: '/import/passwords',
    of: 'exportCsvWithPasswords',
    run: exporter('exportCsvWithPasswords', '-passwords'),
    refused: start,
  }),
  page({ id: 'import', method: 'get', path: '/import/{id}', of: 'showImport', run: (call) => one(call) }),
  page({ id: 'changeImport', method: 'post', path: '/import/{id}', of: 'changeImport', run: change, refused: one }),
  page({
    id: 'confirmImport',
    method: 'post',
    path: '/import/{id}/confirm',
    of: 'confirmImport',
    run: confirm,
    refused: one,
  }),
  page({
    id: 'cancelImport',
    method: 'post',
    path: '/import/{id}/cancel',
    of: 'cancelImport',
    run: async (call) => {
      await ask(call, 'cancelImport', { params: params(call) })
      return { to: '/import' }
    },
    refused: one,
  }),
  page({
    id: 'undoImportForm',
    method: 'get',
    path: '/import/{id}/undo',
    of: 'undoImport',
    run: (call) => undoForm(call),
  }),
  page({
    id: 'undoImport',
    method: 'post',
    path: '/import/{id}/undo',
    of: 'undoImport',
    run: async (call) => {
      await ask(call, 'undoImport', { params: params(call) })
      return { to: done(pathOf(params(call).id), 'importUndone') }
    },
    refused: undoForm,
  }),
]
