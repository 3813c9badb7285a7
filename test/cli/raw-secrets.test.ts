import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { commandLine } from '../support/command-line.js'

const { cli, path } = commandLine()
const MAC = '001565aabbcc'

describe('a password in a raw parameter', () => {
  test.each([
    ['yealink/t21p-e2', 'yealink', 'static.auto_provision.server.password', `${MAC}.cfg`],
    ['snom/d120', 'snom', 'http_client_pass', `snomD120-${MAC.toUpperCase()}.htm`],
    ['grandstream/gxp1628', 'grandstream', 'P1361', `cfg${MAC}.xml`],
  ])('%s: is sealed at rest, shown nowhere, and reaches the phone', async (model, family, parameter, file) => {
    const key = `raw.${family}.${parameter}`
    await cli('extension', 'add', '101', '--name', 'Anna')
    await cli('device', 'add', MAC, '--model', model, '--line', '101')
    const set = await cli('settings', 'set', key, 'Hunter2Hunter2', '--vendor', family)
    expect(set).toMatchObject({ exit: 0, out: expect.stringContaining('[secret]') })
    for (const command of [
      ['settings', 'get', '--vendor', family],
      ['settings', 'explain', MAC, key],
      ['--json', 'render', MAC, file],
    ]) {
      const { exit, out } = await cli(...command)
      expect([command, exit, out.includes('Hunter2')]).toEqual([command, 0, false])
    }
    expect((await cli('render', MAC, file, '--show-secrets')).out).toContain('Hunter2Hunter2')
    for (const name of ['phoneboot.sqlite', 'phoneboot.sqlite-wal']) {
      expect(bytesOf(path('data', name))).not.toContain('Hunter2')
    }
  })

  test('a parameter that no file of the family can hold is refused by its name', async () => {
    for (const key of ['raw.grandstream.P0', 'raw.snom.1foo', 'raw.yealink.a#1', 'raw.cisco.x']) {
      const { exit, err } = await cli('settings', 'set', key, '1')
      expect([key, exit, err]).toEqual([key, 1, expect.stringContaining(key)])
    }
  })

  function bytesOf(file: string): string {
    try {
      return readFileSync(file, 'latin1')
    } catch {
      return ''
    }
  }
})
