import { spawnSync } from 'node:child_process'
import { describe } from '@jest/globals'

/**
 * `describe` for tests that drive real clients. A missing client is an error under CI; on a user's machine the tests
 * are skipped loudly, with the command that installs it.
 * @param clients command on PATH -> Debian package that holds it
 */
export function describeWithClients(title: string, clients: Record<string, string>, tests: () => void): void {
  const missing = Object.entries(clients).filter(([command]) => spawnSync('which', [command]).status !== 0)
  if (missing.length === 0) {
    describe(title, tests)
    return
  }
  const install = `apt-get install ${[...new Set(missing.map(([, name]) => name))].join(' ')}`
  const names = missing.map(([command]) => command).join(', ')
  if (process.env.CI) throw new Error(`${title}: ${names} missing on CI; ${install}`)
  console.warn(`SKIPPED: "${title}" needs ${names}. To run it: ${install}`)
  describe.skip(title, tests)
}
