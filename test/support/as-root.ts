import { spawnSync } from 'node:child_process'
import { describe } from '@jest/globals'

/** User and group of nobody, as numbers. */
export const NOBODY = 65534

/** Runs a command as an ordinary user without any capability. */
export const AS_NOBODY = [
  'setpriv',
  ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'],
]

/**
 * `describe` for tests that act as several users. Without root they are skipped loudly; under CI that is an error.
 */
export function describeAsRoot(title: string, tests: () => void): void {
  const able = process.getuid?.() === 0 && spawnSync(AS_NOBODY[0] ?? '', [...AS_NOBODY.slice(1), 'true']).status === 0
  if (able) {
    describe(title, tests)
    return
  }
  if (process.env.CI) throw new Error(`${title}: CI must run this as root, with setpriv`)
  console.warn(`SKIPPED: "${title}" must be run as root, with setpriv (util-linux)`)
  describe.skip(title, tests)
}
