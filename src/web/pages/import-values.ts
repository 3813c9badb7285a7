import type { z } from 'zod'
import type { importJob } from '../../admin/api/import-schemas.js'
import type { PageCall } from '../page.js'
import type { Option } from './import-columns.js'

type ImportJob = z.output<typeof importJob>
type Question = NonNullable<ImportJob['questions']>[number]

/** Values of a file that stand for something here, each with every answer. */
export function questionRows(call: PageCall, questions: readonly Question[]): object[] {
  const { words } = call
  return questions.map(({ column, value, rows, answers, answer, by }, index) => ({
    column,
    value,
    index,
    rows,
    by: by === undefined ? undefined : words.t(`import.by.${by}`),
    options: [
      ...(answer === undefined ? [{ value: '', text: words.t('import.answer.none'), chosen: true }] : []),
      ...answers.map((one): Option => ({ value: one, text: answerText(call, one), chosen: one === answer })),
    ],
  }))
}

function answerText({ words }: PageCall, answer: string): string {
  const [, kind, name = ''] = /^(group|role):(.*)$/s.exec(answer) ?? []
  if (kind === 'group') return words.t('import.answer.group', { name })
  if (kind === 'role') return words.t('import.answer.role', { name: words.find(`role.${name}`) ?? name })
  return words.find(`import.answer.${answer}`) ?? answer
}

/** What was chosen in the form, and what was said before: what goes without saying is left to the import. */
export function answersIn(
  { form }: PageCall,
  { questions = [], options }: ImportJob,
): Record<string, Record<string, string>> {
  const said: Record<string, Record<string, string>> = { ...options?.values }
  questions.forEach(({ column, value, answer }, index) => {
    const chosen = form[`value-${index}`]
    if (chosen === undefined || chosen === '' || chosen === answer) return
    said[column] = { ...said[column], [value]: chosen }
  })
  return said
}

/** Bosses and secretaries, and whether they are to get their keys. */
export function secretaryView({ words }: PageCall, { secretaries, options }: ImportJob): object | undefined {
  const { pairs = [], unclear = [] } = secretaries ?? {}
  if (pairs.length + unclear.length === 0) return undefined
  return {
    pairs: pairs.map(({ boss, secretary, isThere }) => ({
      text: words.t('import.secretaries.pair', { boss, secretary }),
      isThere,
    })),
    unclear:
      unclear.length === 0
        ? undefined
        : words.t('import.secretaries.unclear', { contexts: unclear.map((one) => one || '–').join(', ') }),
    mayGive: pairs.some(({ isThere }) => !isThere),
    given: options?.secretaryKeys === true,
  }
}
