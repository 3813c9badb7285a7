import type { ImportReport } from '../bulk/at-once.js'
import { formatMac } from '../domain/mac-address.js'
import type { MoveIn } from '../move-in/move-in.js'
import { table, type Report } from './output.js'

const SHOWN = 40

const numbered = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

/** What `move-in` tells: what was found, what becomes of it, and what does not. */
export function moveInReport(found: MoveIn, imported: ImportReport, applied: boolean): Report {
  const { phones, problems, strange, plan, differences } = found
  const left = phones.flatMap(({ mac, left: texts }) => texts.map((text) => ({ mac, text })))
  const { people, phones: counted, obstacles, id } = imported
  return {
    json: {
      applied,
      phones: phones.map(({ mac, model, lines, keys }) => ({
        ...{ mac, model },
        lines: lines.map(({ position, number, name }) => ({ position, number, name })),
        keys: keys.length,
      })),
      people: plan.people,
      settings: plan.settings,
      untaken: plan.untaken,
      ...{ differences, left, problems, strange },
      import: { people, phones: counted, obstacles, ...(id === undefined ? {} : { id }) },
    },
    lines: [
      `${numbered(phones.length, 'phone', 'phones')}, ${numbered(plan.people.length, 'person', 'people')}${applied ? ' taken over.' : '. Nothing is changed yet: --apply does it.'}`,
      ...(applied && id !== undefined ? [`To undo it: import undo ${id}`] : []),
      ...settingLines(found),
      ...differenceLines(found),
      ...section(
        'Left out',
        left.map(({ mac, text }) => `  ${formatMac(mac)}: ${text}`),
      ),
      ...section(
        'Cannot be imported',
        obstacles.map(({ message }) => `  ${message}`),
      ),
      ...section(
        'Problems',
        problems.map(({ message }) => `  ${message}`),
      ),
      ...section(
        'Files that are no configuration of a phone that is known',
        strange.map((name) => `  ${name}`),
      ),
    ],
  }
}

function settingLines({ plan: { settings } }: MoveIn): string[] {
  const ofSite = settings.filter(({ layer }) => layer === 'site')
  const others = settings.filter(({ layer }) => layer !== 'site')
  return [
    ...tableSection(
      'Set for the site, because most phones have it',
      ['SETTING', 'VALUE', 'PHONES'],
      ofSite.map(({ key, value, phones }) => [key, JSON.stringify(value), phones]),
    ),
    ...tableSection(
      'Set for single people and phones',
      ['WHOSE', 'SETTING', 'VALUE'],
      others.map(({ owner, key, value }) => [owner, key, JSON.stringify(value)]),
    ),
  ]
}

function differenceLines({ plan, differences }: MoveIn): string[] {
  return [
    ...tableSection(
      'Our files will say otherwise',
      ['PARAMETER', 'WAS', 'WILL BE', 'PHONES'],
      differences.map(({ name, theirs, ours, phones }) => [name, theirs, ours, phones]),
    ),
    ...tableSection(
      'Not taken over; what you need goes into a setting raw.<family>.<parameter>',
      ['FAMILY', 'PARAMETER', 'VALUE', 'PHONES', ''],
      plan.untaken.map(({ family, name, value, phones, old }) => [
        ...[family, name, value, phones],
        old ? 'names the old server' : '',
      ]),
    ),
  ]
}

function tableSection(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string[] {
  return rows.length === 0 ? [] : section(title, table(head, rows))
}

/** A heading with its lines, unless there are none. */
function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length > SHOWN ? [`  … and ${lines.length - SHOWN} more; --json shows all`] : []
  return ['', `${title}:`, ...lines.slice(0, SHOWN), ...more]
}
