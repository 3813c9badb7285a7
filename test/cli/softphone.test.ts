import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { commandLine } from '../support/command-line.js'

const { cli, path } = commandLine()

async function softphonesOf(number: string): Promise<unknown[]> {
  return JSON.parse((await cli('softphone', 'list', number, '--json')).out) as unknown[]
}

test('a picture that cannot be written is refused in one line, before there is a softphone', async () => {
  await cli('extension', 'add', '101', '--name', 'Ann')
  for (const [file, why] of [
    ['nowhere/a.png', 'there is no such folder'],
    ['', 'it is a folder'],
    ['data', 'it is a folder'],
  ] as const) {
    const { exit, err } = await cli('softphone', 'qr', '101', '--app', 'linphone', '--png', file)
    expect([exit, err.trimEnd().split('\n').length, err.includes(why)]).toEqual([2, 1, true])
  }
  expect(await softphonesOf('101')).toEqual([])
})

test('pictures lie where the command runs, for the owner alone, also over files that others could read', async () => {
  await cli('extension', 'add', '101', '--name', 'Ann')
  await writeFile(path('old.png'), 'x')
  await chmod(path('old.png'), 0o644)
  const { exit, out } = await cli(
    ...['softphone', 'qr', '101', '--app', 'linphone', '--uses', '1', '--png', 'old.png', '--svg', 'new.svg'],
  )
  expect([exit, out.includes('It opens once until ')]).toEqual([0, true])
  for (const file of ['old.png', 'new.svg']) expect((await stat(path(file))).mode & 0o777).toBe(0o600)
  // Opened by itself it is as large as the other.
  const width = (await readFile(path('old.png'))).readUInt32BE(16)
  expect(await readFile(path('new.svg'), 'utf8')).toContain(
    `width="${width}" height="${width}" viewBox="0 0 ${width / 8}`,
  )
})

test('other commands that write a file say in one line why they could not', async () => {
  for (const args of [
    ['export', '--output', 'nowhere/people.csv'],
    ['template', 'phoneboot', '--output', 'data'],
  ]) {
    const { exit, err } = await cli('migrate').then(() => cli(...args))
    expect([args, exit, err.trimEnd().split('\n').length]).toEqual([args, 2, 1])
  }
})
