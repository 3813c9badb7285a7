/** The part of the `tftp` package 0.1.2 that we use: its client. The package brings no types. */
declare module 'tftp' {
  import type { Readable } from 'node:stream'

  interface ClientOptions {
    host: string
    port: number
    blockSize?: number
    windowSize?: number
    /** Resends before giving up, and the wait before each, in milliseconds. */
    retries?: number
    timeout?: number
  }

  interface Client {
    /** Emits `error` for an error packet and for a server that does not answer. */
    createGetStream(remoteFile: string): Readable
  }

  const tftp: { createClient(options: ClientOptions): Client }
  export default tftp
}
