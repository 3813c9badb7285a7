import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { plainIssue } from '../../src/domain/plain-issue.js'

const schema = z.strictObject({
  name: z.string(),
  port: z.coerce.number().int().min(1).max(65535).optional(),
  kind: z.enum(['desk', 'app']).optional(),
  code: z.string().regex(/^\d$/, 'must be one digit').optional(),
})

const told = (value: unknown): string[] =>
  (schema.safeParse(value, { error: plainIssue }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )

test.each([
  [{}, ['name: is missing']],
  [{ name: 7 }, ['name: must be text']],
  [{ name: 'a', port: 'abc' }, ['port: must be a number']],
  [{ name: 'a', port: 0 }, ['port: must be 1 at least']],
  [{ name: 'a', port: 70000 }, ['port: must be 65535 at most']],
  [{ name: 'a', kind: 'fax' }, ['kind: must be one of desk, app']],
  [{ name: 'a', nmae: 'b' }, [': there is no field "nmae"']],
  [{ name: 'a', code: 'x' }, ['code: must be one digit']],
])('a value that does not fit is told in plain words: %j', (value, messages) => {
  expect(told(value)).toEqual(messages)
})
