import type { z } from 'zod'
import type { moveInReport } from '../../admin/api/move-in.js'
import { AppError } from '../../domain/errors.js'
import { formatMac, parseMac } from '../../domain/mac-address.js'
import { ask, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { firstProblems } from './import-preview.js'
import { importPath } from './import-rows.js'
import { progressOf } from './imports.js'

type Report = z.output<typeof moveInReport>

/** Rows of a table; the API and the command line have all. */
const SHOWN = 100
const MACS_SHOWN = 6

const pathOf = (id: string): string => `/move-in/${encodeURIComponent(id)}`
const params = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })

function form(call: PageCall, refused?: AppError): PageAnswer {
  return {
    view: 'move-in',
    title: call.words.t('moveIn.title'),
    menu: 'people',
    ...(refused ? { status: 422 } : {}),
    data: {
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: firstProblems(call, refused?.details.problems ?? []),
    },
  }
}

async function open(call: PageCall): Promise<PageAnswer> {
  // A browser sends a file without a name for a field that was left empty.
  const files = call.files.filter(({ name }) => name !== '')
  if (files.length === 0) throw new AppError('MOVE_IN_EMPTY', call.words.t('moveIn.nofile'), { field: 'file' })
  const name = call.words.t('moveIn.title')
  const { id } = await ask<Report>(call, 'openMoveIn', { body: { files, name } })
  return { to: pathOf(id) }
}

async function found(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const report = await ask<Report>(call, 'showMoveIn', { params: params(call) })
  const { words } = call
  return {
    view: 'move-in-found',
    title: words.t('moveIn.title'),
    menu: 'people',
    ...(refused ? { status: refused.code === 'IMPORT_CHANGED' ? 409 : 422 } : {}),
    data: {
      here: pathOf(report.id),
      name: '',
      refusal: refused ? refusalOf(call, refused) : undefined,
      problems: firstProblems(call, refused?.details.problems ?? []),
      groups: report.import.state === 'preview' || report.phones.length === 0 ? groupsOf(call, report) : [],
      ...jobOf(call, report),
      tables: tablesOf(call, report),
      lists: listsOf(call, report),
    },
  }
}

/** Phones that could be the same models and are taken for the same one. */
function unsureGroups({ unsure }: Report): { models: readonly string[]; model: string | undefined; macs: string[] }[] {
  const groups = new Map<string, { models: readonly string[]; model: string | undefined; macs: string[] }>()
  for (const { mac, models, model } of unsure) {
    const key = JSON.stringify([model, models])
    const group = groups.get(key) ?? { models, model, macs: [] }
    group.macs.push(mac)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function groupsOf({ words, parts }: PageCall, report: Report): object[] {
  return unsureGroups(report).map(({ models, model, macs }) => {
    const names = macs.slice(0, MACS_SHOWN).map((mac) => shownMac(mac))
    return {
      phones: macs.length,
      macs: macs.length > MACS_SHOWN ? `${names.join(', ')} ${words.t('moveIn.models.more')}` : names.join(', '),
      models: models.map((id) => ({ id, name: parts.catalog.model(id)?.name ?? id, chosen: id === model })),
    }
  })
}

function shownMac(text: string): string {
  const mac = parseMac(text)
  return mac === undefined ? text : formatMac(mac)
}

function jobOf(call: PageCall, report: Report): object {
  const { words } = call
  const { import: job, settings, settingsState } = report
  const { summary, obstacles = [] } = job
  const isWaiting = settingsState.state === 'waiting'
  const isBusy = job.state === 'reading' || job.state === 'running' || isWaiting
  const isPreview = job.state === 'preview'
  const isNothing = report.phones.length === 0
  const common = settings.filter(({ layer }) => layer !== 'extension').length
  return {
    isBusy: isBusy && !isNothing,
    isPreview: isPreview && !isNothing,
    isOpen: isPreview || job.state === 'reading' || isNothing,
    isDone: job.state === 'done' && !isWaiting,
    stateText: isPreview || isNothing ? words.t('moveIn.preview') : words.t(`import.state.${job.state}`),
    found: words.t('moveIn.found', { phones: report.phones.length, people: report.people.length }),
    progress: progressOf(call, job),
    // Without a phone there is nothing to import, which is told by the question for the models.
    error: isNothing ? undefined : job.error,
    obstacles: firstProblems(call, isNothing ? [] : obstacles),
    people: summary && !isNothing ? words.t('import.confirm.people', summary.people) : '',
    phones: summary && !isNothing ? words.t('import.confirm.phones', summary.phones) : '',
    settingsText:
      settingsState.state === 'open'
        ? ''
        : words.t(`moveIn.settings.${settingsState.state}`, { n: settingsState.count ?? 0 }),
    settingsError: settingsState.error,
    commonSettings: common,
    maySet: mayUse(call, 'setSetting'),
    token: job.token ?? '',
    mayRun: obstacles.length === 0 && !isNothing,
    rowsPath: isNothing ? undefined : importPath(job.id),
  }
}

interface Cell {
  text: string
  label: string
  mono: boolean
}

function tablesOf({ words }: PageCall, report: Report): object[] {
  const { t } = words
  const table = (
    title: string,
    hint: string,
    head: readonly string[],
    rows: readonly (readonly string[])[],
  ): object => ({
    ...{ title, hint, head },
    rows: rows
      .slice(0, SHOWN)
      .map((cells) =>
        cells.map((text, index): Cell => ({ text, label: head[index] ?? '', mono: index < cells.length - 1 })),
      ),
    count: rows.length,
    more: moreOf(words, rows.length),
  })
  const { settings, differences, untaken } = report
  const [parameter, was, will, phones, value] = [
    t('moveIn.parameter'),
    t('moveIn.was'),
    t('moveIn.will'),
    t('moveIn.phones'),
    t('moveIn.value'),
  ]
  const all = [
    table(
      t('moveIn.site'),
      '',
      [t('moveIn.setting'), value, phones],
      settings
        .filter(({ layer }) => layer === 'site')
        .map((one) => [one.key, JSON.stringify(one.value), String(one.phones)]),
    ),
    table(
      t('moveIn.single'),
      '',
      [t('moveIn.whose'), t('moveIn.setting'), value],
      settings
        .filter(({ layer }) => layer !== 'site')
        .map((one) => [shownMac(one.owner), one.key, JSON.stringify(one.value)]),
    ),
    table(
      t('moveIn.differences'),
      t('moveIn.differences.hint'),
      [parameter, was, will, phones],
      differences.map((one) => [one.name, one.theirs, one.ours, String(one.phones)]),
    ),
    table(
      t('moveIn.untaken'),
      t('moveIn.untaken.hint'),
      [parameter, value, phones],
      untaken.map((one) => [
        `${one.family} ${one.name}`,
        one.value,
        one.old ? `${one.phones} (${t('moveIn.old')})` : String(one.phones),
      ]),
    ),
  ]
  return all.filter((one) => 'count' in one && one.count !== 0)
}

function moreOf(words: PageCall['words'], count: number): string {
  return count > SHOWN ? words.count('moveIn.more', count - SHOWN) : ''
}

function listsOf({ words }: PageCall, { left, problems, strange }: Report): object[] {
  const list = (title: string, items: readonly string[]): object[] =>
    items.length === 0 ? [] : [{ title, items: items.slice(0, SHOWN), more: moreOf(words, items.length) }]
  return [
    ...list(
      words.t('moveIn.left'),
      left.map(({ mac, text }) => `${shownMac(mac)}: ${text}`),
    ),
    ...list(
      words.t('moveIn.problems'),
      // Which model it is is asked above.
      problems.filter(({ code }) => code !== 'MODEL_UNKNOWN').map(({ message }) => message),
    ),
    ...list(words.t('moveIn.strange'), strange),
  ]
}

async function change(call: PageCall): Promise<PageAnswer> {
  const report = await ask<Report>(call, 'showMoveIn', { params: params(call) })
  const models = unsureGroups(report).flatMap(({ macs, model }, index) => {
    const chosen = call.form[`group-${index}`] ?? model ?? ''
    return chosen === '' ? [] : macs.map((mac) => `${mac}=${chosen}`)
  })
  const { id } = await ask<Report>(call, 'changeMoveIn', { params: params(call), body: { models } })
  return { to: pathOf(id) }
}

export const moveInPages = [
  page({ id: 'moveInForm', method: 'get', path: '/move-in', of: 'openMoveIn', run: (call) => form(call) }),
  page({
    id: 'openMoveIn',
    method: 'post',
    path: '/move-in',
    of: 'openMoveIn',
    upload: 'folder',
    run: open,
    refused: form,
  }),
  page({ id: 'moveIn', method: 'get', path: '/move-in/{id}', of: 'showMoveIn', run: (call) => found(call) }),
  page({ id: 'changeMoveIn', method: 'post', path: '/move-in/{id}', of: 'changeMoveIn', run: change, refused: found }),
  page({
    id: 'confirmMoveIn',
    method: 'post',
    path: '/move-in/{id}/confirm',
    of: 'confirmMoveIn',
    run: async (call) => {
      const body = { token: call.form.token ?? '', settings: call.form.settings === 'true' }
      await ask(call, 'confirmMoveIn', { params: params(call), body })
      return { to: pathOf(params(call).id) }
    },
    refused: found,
  }),
  page({
    id: 'cancelMoveIn',
    method: 'post',
    path: '/move-in/{id}/cancel',
    of: 'cancelMoveIn',
    run: async (call) => {
      await ask(call, 'cancelMoveIn', { params: params(call) })
      return { to: '/move-in' }
    },
  }),
]
