import { FORWARD_SETTINGS, looksExternal, reportRules } from '../../settings/rule-report.js'
import type { PageCall } from '../page.js'

/** What is wrong, or good to know, with the values of a form of a person; `value` gives what is set for the person. */
export function warningsOf(
  { words }: Pick<PageCall, 'words'>,
  form: string,
  number: string,
  value: (key: string) => unknown,
): string[] {
  const outside = FORWARD_SETTINGS.filter((key) => {
    const target = value(key)
    return (key === 'forwardUnavailable' ? form === 'pbx' : form === 'phone') && isExternal(target, number)
  })
  const trunk = outside.map((key) => words.t('fields.warnTrunk', { field: words.find(`field.${key}`) ?? key }))
  if (form !== 'pbx') return trunk
  const { unruled, byPhones } = reportRules(value('forwardingRules'))
  return [
    ...trunk,
    ...(hasExternalRule(value('forwardingRules'))
      ? [words.t('fields.warnTrunk', { field: words.find('field.forwardingRules') ?? '' })]
      : []),
    ...(unruled.length > 0 ? [words.t('fields.warnStatus', { statuses: unruled.join(', ') })] : []),
    ...(byPhones.length > 0
      ? [
          words.t('fields.warnByPhones', {
            rules: byPhones.map(({ rule, setting }) => `${rule} (${setting})`).join(', '),
          }),
        ]
      : []),
    ...(value('callerIdAnonymous') === true && value('callerIdAlways') === true
      ? [words.t('fields.warnCallerId')]
      : []),
  ]
}

function isExternal(target: unknown, number: string): boolean {
  return typeof target === 'string' && looksExternal(target, number)
}

function hasExternalRule(rules: unknown): boolean {
  return Array.isArray(rules) && rules.some(({ target }: { target?: { kind?: string } }) => target?.kind === 'external')
}
