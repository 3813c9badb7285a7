import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PROGRAM } from '../support/server.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-lost-output-'))
  for (const number of ['101', '102']) await shell(`$PHONEBOOT extension add ${number} --name Ann`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a line of a shell in which `$PHONEBOOT` is the program, with `pipefail`. */
function shell(line: string): Promise<{ exit: number; out: string; err: string }> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    PHONEBOOT: `${process.execPath} ${PROGRAM}`,
    PHONEBOOT_DATA_DIR: folder,
  }
  return new Promise((resolve, reject) => {
    execFile('bash', ['-o', 'pipefail', '-c', line], { env }, (error, out, err) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ exit: Number(error?.code ?? 0), out, err })
    })
  })
}

describe('a command whose answer cannot be written', () => {
  test('to a disk that is full says so in two lines, and failed', async () => {
    for (const options of ['', '--json']) {
      const { exit, err } = await shell(`$PHONEBOOT ${options} extension list > /dev/full`)
      expect([exit, err.split('\n')]).toEqual([
        1,
        [
          'phoneboot: the answer could not be written: no space left on device',
          '  What the command changed stays changed; look at it again where the answer can be written',
          '',
        ],
      ])
    }
  })

  test('to a reader that went away ends in silence, and is no error', async () => {
    expect(await shell('$PHONEBOOT extension list | head -1')).toEqual({ exit: 0, out: expect.any(String), err: '' })
    expect(await shell('$PHONEBOOT extension list | true')).toEqual({ exit: 0, out: '', err: '' })
  })

  test('keeps its exit code when its refusal cannot be written either', async () => {
    expect((await shell('$PHONEBOOT extension show 999 2> /dev/full')).exit).toBe(1)
    expect((await shell('$PHONEBOOT extension nonsense 2> /dev/full')).exit).toBe(2)
    expect((await shell('$PHONEBOOT extension list > /dev/full 2> /dev/full')).exit).toBe(1)
  })
})
