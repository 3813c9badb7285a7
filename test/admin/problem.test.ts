import { expect, test } from '@jest/globals'
import { toProblem } from '../../src/admin/problem.js'
import { AppError } from '../../src/domain/errors.js'

test('a refusal is what RFC 9457 wants: title, status, detail, and our code, field and hint', () => {
  const error = new AppError('EXTENSION_EXISTS', 'there is an extension 101 already', { field: 'number', hint: 'h' })
  expect(toProblem(error, 'r1')).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    detail: 'there is an extension 101 already',
    code: 'EXTENSION_EXISTS',
    requestId: 'r1',
    field: 'number',
    hint: 'h',
  })
})

test('a stale revision is 412 when the client named one, else 409', () => {
  const error = new AppError('REVISION_CONFLICT', 'changed meanwhile')
  expect([toProblem(error, 'r').status, toProblem(error, 'r', true).status]).toEqual([409, 412])
})

test.each([new Error('inner state'), new AppError('TEMPLATES_INVALID', 'inner state'), 'inner state', undefined])(
  'what is no refusal of a request tells nothing: %s',
  (error) => {
    const problem = toProblem(error, 'r')
    expect([problem.status, problem.code]).toEqual([500, 'INTERNAL'])
    expect(JSON.stringify(problem)).not.toContain('inner state')
  },
)
