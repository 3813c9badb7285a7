import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach } from '@jest/globals'
import { runCommandLine } from '../../src/cli/program.js'

/** What a command gave back. */
export interface CommandResult {
  exit: number
  out: string
  err: string
}

/** Runs commands in this process; each test has a folder of its own, with the data folder `data` in it. */
export function commandLine(): {
  cli: (...args: string[]) => Promise<CommandResult>
  path: (...names: string[]) => string
} {
  let folder = ''
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'phoneboot-cli-'))
  })
  afterEach(remove)
  afterAll(remove)
  return {
    cli: async (...args) => {
      let [out, err] = ['', '']
      const exit = await runCommandLine(args, {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        readInput: () => Promise.resolve(''),
        env: {},
        folder,
        terminal: { write: (text) => void (out += text) },
        stopped: () => new Promise(() => undefined),
      })
      return { exit, out, err }
    },
    path: (...names) => join(folder, ...names),
  }
}
