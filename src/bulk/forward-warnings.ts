import type { ErrorCode } from '../domain/errors.js'
import { FORWARD_SETTINGS, looksInternal, reportRules } from '../settings/rule-report.js'

export interface ForwardWarning {
  readonly code: ErrorCode
  /** The setting that it is about. */
  readonly key: string
  readonly what: string
}

/** What a preview tells of somebody's forwards. */
export function forwardWarnings(
  number: string,
  settings: ReadonlyMap<string, unknown>,
  isThere: (number: string) => boolean,
): readonly ForwardWarning[] {
  const nobody = FORWARD_SETTINGS.flatMap((key) => {
    const to = settings.get(key)
    if (typeof to !== 'string' || !looksInternal(to, number) || isThere(to)) return []
    return [{ code: 'EXTENSION_NOT_FOUND' as const, key, what: `nobody here has the number ${to}` }]
  })
  if (!settings.has('forwardingRules')) return nobody
  const about = { code: 'SETTING_VALUE_INVALID', key: 'forwardingRules' } as const
  const { unruled, byPhones } = reportRules(settings.get(about.key))
  const settingsOf = byPhones.map(({ rule, setting }) => `${rule} (${setting})`).join(', ')
  return [
    ...nobody,
    ...(unruled.length > 0 ? [{ ...about, what: `no rule says what becomes of calls for ${unruled.join(', ')}` }] : []),
    ...(byPhones.length > 0
      ? [{ ...about, what: `kept for your PBX; phones could do rule ${settingsOf} themselves` }]
      : []),
  ]
}
