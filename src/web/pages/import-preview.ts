import type { z } from 'zod'
import type { importJob } from '../../admin/api/import-schemas.js'
import { ENCODINGS } from '../../bulk/decode.js'
import { DUPLICATE_RULES } from '../../bulk/duplicates.js'
import { STRATEGIES } from '../../bulk/plan-parts.js'
import { MODES } from '../../bulk/import-options.js'
import type { PageCall } from '../page.js'
import { problemText, type Mistake, type ProblemText } from '../problem-text.js'
import { columnRows, optionsOf, type Option } from './import-columns.js'
import { questionRows, secretaryView } from './import-values.js'

export type ImportJob = z.output<typeof importJob>

const OBSTACLES_SHOWN = 8

/** The first mistakes; the rows tell all. */
export function firstProblems({ words }: PageCall, problems: readonly Mistake[]): ProblemText[] {
  return problems.slice(0, OBSTACLES_SHOWN).map((one) => problemText(words, one))
}

export const NO_PREVIEW = { found: undefined, columns: [], values: [], choices: [], obstacles: [], mayRun: false }

/** What was found out about a file, its columns, and the choices one has. */
export async function previewOf(call: PageCall, job: ImportJob): Promise<object> {
  const { words, use, parts } = call
  const { file, options = {}, obstacles = [] } = job
  const profiles = await use.bulk.profiles()
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
    values: questionRows(call, job.questions ?? []),
    secretaries: secretaryView(call, job),
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
    mailable: job.summary?.mailable && words.count('import.mailable', job.summary.mailable),
    obstacles: firstProblems(call, obstacles),
    mayRun: obstacles.length === 0,
  }
}
