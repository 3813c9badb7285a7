import type { z } from 'zod'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

/**
 * What is wrong with a value, in words for whoever has to mend it, where a schema leaves that to zod. For the option
 * `error` of `safeParse`: what a schema says itself stays.
 */
export const plainIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = KINDS[issue.expected]
      if (issue.input === undefined) return 'is missing'
      return kind === undefined ? undefined : `must be ${kind}`
    }
    case 'unrecognized_keys':
      return `there is no field ${issue.keys.map((key) => `"${key.slice(0, 60)}"`).join(', ')}`
    case 'invalid_value':
      return issue.values.length > 1 ? `must be one of ${issue.values.map(String).join(', ')}` : undefined
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int' ? `must be ${issue.minimum} at least` : undefined
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int' ? `must be ${issue.maximum} at most` : undefined
    default:
      return undefined
  }
}
