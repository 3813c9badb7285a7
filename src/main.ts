import { text } from 'node:stream/consumers'
import { isMainThread } from 'node:worker_threads'
import { endWithoutOutput } from './cli/lost-output.js'
import { runCommandLine } from './cli/program.js'

// The server runs the same program a second time, in a thread that answers no phones.
if (isMainThread) main()
else void import('./server/import-thread.js').then(({ workOnImports }) => workOnImports())

function main(): void {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })

  endWithoutOutput(process, (code) => process.exit(code))

  const exit = runCommandLine(process.argv.slice(2), {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    readInput: () => text(process.stdin),
    env: process.env,
    folder: process.cwd(),
    terminal: process.stdout,
    logIsTerminal: process.stderr.isTTY ?? false,
    stopped: () => stopped,
  })
  void exit.then((code) => (process.exitCode = code))
}
