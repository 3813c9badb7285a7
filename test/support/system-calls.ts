import { readFileSync } from 'node:fs'

/** strace with the calls that matter for what is on disk and what was said; put it before node. */
export function traced(file: string): string[] {
  const calls = 'trace=fdatasync,fsync,pwrite64,write,writev,read,sendmsg,sendmmsg,sendto'
  return ['strace', '-f', '-y', '-s', '65536', '-e', calls, '-e', 'signal=none', '-o', file]
}

/** One call that has come back, in the order of the trace. */
export interface SystemCall {
  /** Place of its beginning and of its end in the trace. */
  begun: number
  ended: number
  name: string
  /** Arguments as strace writes them, the first with the path of the file. */
  text: string
}

/** The calls of a trace that succeeded. Threads that overlap are put together again. */
export function readTrace(file: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, { begun: number; text: string }>()
  const lines = readFileSync(file, 'latin1').split('\n')
  for (const [at, line] of lines.entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    const before = resumed === undefined ? undefined : open.get(thread)
    const text = before ? before.text + resumed : rest
    const begun = before?.begun ?? at
    if (text.endsWith('<unfinished ...>')) {
      open.set(thread, { begun, text: text.slice(0, -'<unfinished ...>'.length) })
      continue
    }
    const [, name, args] = /^(\w+)\((.*)\) += \d+$/.exec(text) ?? []
    if (name !== undefined && args !== undefined) calls.push({ begun, ended: at, name, text: args })
  }
  return calls
}

const isSync = ({ name }: SystemCall): boolean => name === 'fdatasync' || name === 'fsync'

/**
 * Was `fact` written to the log of the database and brought to disk before `said` began? The first write that holds the
 * fact counts, and a sync of that very file that began after it.
 */
export function onDiskBefore(calls: readonly SystemCall[], fact: string, wal: string, said: SystemCall): boolean {
  const written = calls.find(({ name, text }) => name === 'pwrite64' && text.includes(wal) && text.includes(fact))
  if (!written) return false
  return calls.some(
    (call) => isSync(call) && call.text.includes(wal) && call.begun > written.ended && call.ended < said.begun,
  )
}

/**
 * Was `fact` sent to PostgreSQL, and had it confirmed on that connection that it is committed, before `said` began? What
 * is sent outside a transaction is committed when its own command is confirmed.
 */
export function committedBefore(calls: readonly SystemCall[], fact: string, said: SystemCall): boolean {
  const sent = calls.find(
    ({ name, text }) => /^writev?$/.test(name) && /^\d+<socket:/.test(text) && text.includes(fact),
  )
  const [connection] = /^\d+<socket:\[\d+\]>/.exec(sent?.text ?? '') ?? []
  if (!sent || connection === undefined) return false
  return calls.some(
    ({ name, text, begun, ended }) =>
      name === 'read' &&
      begun > sent.ended &&
      ended < said.begun &&
      text.startsWith(connection) &&
      COMMITTED.test(text),
  )
}

/** CommandComplete, and ReadyForQuery outside a transaction (PostgreSQL, "Message Formats"). */
const COMMITTED = /C\\0\\0\\0.*Z\\0\\0\\0\\5I/
