import { getSystemErrorMap } from 'node:util'
import { EXIT, type ExitCode } from './output.js'

/** Where a program writes, as far as it tells when that fails. */
interface Written {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

interface Streams {
  readonly stdout: Written
  readonly stderr: Written & { write(text: string): unknown }
}

/**
 * Ends the program when what it answers cannot be written: silently when the reader went away, which is no error
 * (`phoneboot device list | head`), else with a line that says why.
 */
export function endWithoutOutput({ stdout, stderr }: Streams, end: (code: ExitCode) => void): void {
  stdout.on('error', (error) => {
    if (error.code === 'EPIPE') return end(EXIT.ok)
    const [, reason] = getSystemErrorMap().get(error.errno ?? 0) ?? [undefined, error.message]
    stderr.write(`phoneboot: the answer could not be written: ${reason}\n`)
    stderr.write('  What the command changed stays changed; look at it again where the answer can be written\n')
    end(EXIT.failed)
  })
  // Nowhere is left to say it; the exit code still tells.
  stderr.on('error', () => undefined)
}
