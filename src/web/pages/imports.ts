import { csvText } from '../../bulk/csv-text.js'
import { SCOPES } from '../../bulk/export-rows.js'
import { AppError } from '../../domain/errors.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { optionsOf } from './import-columns.js'
import { problemText } from '../problem-text.js'
import { firstProblems, NO_PREVIEW, previewOf, type ImportJob as Job } from './import-preview.js'
import { answersIn } from './import-values.js'
import { importPath, NO_RESULT, resultOf } from './import-rows.js'

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
        path: importPath(job.id),
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
  return { to: importPath(id) }
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
  return { to: importPath(id) }
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
      here: importPath(job.id),
      siteSlug: call.site.slug,
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: firstProblems(call, refused?.details.problems ?? []),
      isBusy: job.state === 'reading' || job.state === 'running',
      isPreview: job.state === 'preview',
      isDone: job.state === 'done',
      stateText: words.t(`import.state.${job.state}`),
      error: job.error,
      progress: progressOf(call, job),
      ...(job.state === 'preview' ? await previewOf(call, job) : NO_PREVIEW),
      ...(job.summary && job.state !== 'reading' ? await resultOf(call, job) : NO_RESULT),
    },
  }
}

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

async function change(call: PageCall): Promise<PageAnswer> {
  const job = await ask<Job>(call, 'showImport', { params: params(call) })
  const { file, options } = job
  const { profile = '', strategy, mode, duplicates, encoding, delimiter } = call.form
  const chosen = (file?.columns ?? []).flatMap(({ header, target }, index) => {
    const choice = call.form[`column-${index}`]
    return choice === undefined || choice === target ? [] : [[header, choice]]
  })
  // Another profile knows better what was said of the columns under the one before.
  const before = profile === (options?.profile ?? '') ? options?.map : {}
  const map = { ...before, ...Object.fromEntries(chosen) } as Record<string, string>
  const body = {
    ...given({ profile, strategy, mode, duplicates, encoding, delimiter }),
    map,
    values: answersIn(call, job),
    secretaryKeys: call.form.secretaryKeys === 'on',
  }
  await ask(call, 'changeImport', { params: params(call), body })
  return { to: importPath(params(call).id) }
}

async function confirm(call: PageCall): Promise<PageAnswer> {
  await ask(call, 'confirmImport', { params: params(call), body: { token: call.form.token ?? '' } })
  return { to: importPath(params(call).id) }
}

async function undoForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const job = await ask<Job>(call, 'showImport', { params: params(call) })
  return {
    view: 'import-undo',
    title: call.words.t('import.undo.title'),
    menu: 'people',
    ...(refused ? { status: 409 } : {}),
    data: {
      here: importPath(job.id),
      name: job.fileName ?? call.words.t('import.pasted'),
      result: counted(call, job),
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: (refused?.details.problems ?? []).slice(0, 20).map((one) => problemText(call.words, one)),
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
      return { to: done(importPath(params(call).id), 'importUndone') }
    },
    refused: undoForm,
  }),
]
