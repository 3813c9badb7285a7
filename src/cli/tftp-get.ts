import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { sha256Hex } from '../domain/fingerprint.js'
import { tftpGet } from '../tftp/edge/client.js'
import { configOf } from './context.js'
import { numberOption, type Io, type Run } from './output.js'

interface Options {
  host: string
  port?: number
  output?: string
  blockSize?: number
}

/** `tftp-get <file>`: can a phone fetch this? Asks with another program's TFTP client than our own server's code. */
export function tftpGetCommand(program: Command, io: Io, run: Run): void {
  program
    .command('tftp-get <file>')
    .description('fetch a file by TFTP, as a self-check')
    .option('--host <host>', 'server', '127.0.0.1')
    .option('--port <port>', "port; default: this installation's", numberOption)
    .option('--output <path>', 'where to store it; default: only its size and checksum are shown')
    .option('--block-size <bytes>', 'bytes per packet', numberOption)
    .action((file: string, { host, port, output, blockSize }: Options) =>
      run(async () => {
        const bytes = await tftpGet({
          host,
          port: port ?? configOf(io).tftpPort,
          file,
          ...(blockSize === undefined ? {} : { blockSize }),
        })
        if (output !== undefined) await writeFile(resolve(io.folder, output), bytes)
        const sha256 = sha256Hex(bytes)
        return {
          json: { file, bytes: bytes.length, sha256 },
          lines: [`${basename(file)}: ${bytes.length} bytes, SHA-256 ${sha256}`],
        }
      }),
    )
}
