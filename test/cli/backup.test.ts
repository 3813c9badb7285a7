import { stat } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { holdServerLock } from '../../src/database/edge/server-lock.js'
import { commandLine } from '../support/command-line.js'

const { cli, path } = commandLine()

describe('backup and restore', () => {
  test('a backup brings everything back, passwords included', async () => {
    await cli('extension', 'add', '101', '--name', 'Anna Berg')
    const before = await cli('--json', 'extension', 'show', '101', '--show-password')
    expect((await cli('backup', 'saved')).exit).toBe(0)
    expect((await stat(path('saved'))).mode & 0o077).toBe(0)
    expect((await stat(path('saved', 'phoneboot.key'))).mode & 0o077).toBe(0)
    await cli('extension', 'remove', '101')

    const refused = await cli('restore', 'saved')
    expect(refused).toMatchObject({ exit: 2, err: expect.stringMatching(/is not empty[^]*--replace/) })
    const restored = await cli('--json', 'restore', 'saved', '--replace')
    expect(restored.exit).toBe(0)
    expect(await cli('--json', 'extension', 'show', '101', '--show-password')).toEqual(before)
    const { aside } = JSON.parse(restored.out) as { aside: string }
    expect((await stat(`${aside}/phoneboot.sqlite`)).isFile()).toBe(true)
  })

  test('nothing is restored under a running server', async () => {
    await cli('backup', 'saved')
    const main = path('data', 'phoneboot.sqlite')
    const release = await holdServerLock({ files: { main, live: main } })
    expect(await cli('restore', 'saved', '--replace')).toMatchObject({ exit: 1, err: expect.stringMatching(/server/) })
    await release()
    expect((await cli('restore', 'saved', '--replace')).exit).toBe(0)
  })

  test('a backup never goes into a folder that holds something', async () => {
    await cli('backup', 'saved')
    expect(await cli('backup', 'saved')).toMatchObject({ exit: 2, err: expect.stringMatching(/is not empty/) })
  })

  test('a backup to where no folder can be made is refused, as below /proc', async () => {
    const refused = await cli('backup', '/proc/phoneboot/saved')
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining('/proc/phoneboot/saved: cannot be made') })
  })

  test('a folder that is no backup is refused by what it lacks', async () => {
    expect(await cli('restore', 'nowhere')).toMatchObject({ exit: 1, err: expect.stringMatching(/phoneboot\.key/) })
  })
})
