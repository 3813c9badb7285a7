import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'
import { createLogger } from '../../src/observe/edge/logger.js'

describe('createLogger', () => {
  test('writes one JSON object a line with level, time, fields and message', () => {
    const lines: string[] = []
    const log = createLogger({ level: 'info', target: { write: (line) => void lines.push(line) } })
    log.debug({}, 'below the level')
    log.warn({ port: 8080, password: 'hidden', key: new Secret('hidden') }, 'careful')
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(line).toMatchObject({ level: 'warn', port: 8080, password: '[secret]', key: '[secret]', msg: 'careful' })
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT/)
    expect(lines[0]).not.toContain('hidden')
  })

  test('silent writes nothing', () => {
    const lines: string[] = []
    createLogger({ level: 'silent', target: { write: (line) => void lines.push(line) } }).error({}, 'unheard')
    expect(lines).toEqual([])
  })
})
