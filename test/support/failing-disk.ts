import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/**
 * Makes system calls of a running process fail, by strace.
 * @param faults such as `pwrite64:error=ENOSPC`
 * @returns what lets them succeed again
 */
export async function failing(pid: number, faults: readonly string[]): Promise<() => Promise<void>> {
  const inject = faults.flatMap((fault) => ['-e', `inject=${fault}`])
  const calls = faults.map((fault) => fault.split(':')[0]).join(',')
  const strace: ChildProcess = spawn(
    'strace',
    ['-f', '-p', String(pid), '-e', `trace=${calls}`, ...inject, '-o', '/dev/null'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // "Process … attached" comes when it holds.
  if (strace.stderr) await once(strace.stderr, 'data')
  return async () => {
    strace.kill('SIGINT')
    await once(strace, 'close')
  }
}
