import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { qrPng, qrSvg, qrTerminal } from '../../src/softphones/edge/qr.js'
import { describeWithClients } from '../support/real-clients.js'

const exec = promisify(execFile)
const TEXTS = ['https://pbx.example.com/s/0123456789abcdefghjkmnpqrstvwxyz', 'd=pbx;u=101;p=a%b;', 'x'.repeat(900)]

describeWithClients('a code as a picture', { zbarimg: 'zbar-tools' }, () => {
  test.each(TEXTS)('is read by a reader of others (%#)', async (text) => {
    const folder = await mkdtemp(join(tmpdir(), 'phoneboot-qr-'))
    try {
      const file = join(folder, 'code.png')
      await writeFile(file, await qrPng(text))
      expect((await exec('zbarimg', ['-q', '--raw', file])).stdout.trim()).toBe(text)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

test('drawing, picture and letters show the same modules, with a margin of four', async () => {
  const text = TEXTS[0] ?? ''
  const svg = await qrSvg(text)
  const size = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1])
  const dark = new Set<string>()
  for (const [, x = '', y = '', run = ''] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1H/g)) {
    for (let n = 0; n < Number(run); n += 1) dark.add(`${Number(x) + n} ${y}`)
  }
  const lines = (await qrTerminal(text)).split('\n')
  let differ = 0
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const sign = lines[y >> 1]?.[x] ?? ' '
      const isWhite = y % 2 === 0 ? '▀█'.includes(sign) : '▄█'.includes(sign)
      if (isWhite === dark.has(`${x} ${y}`)) differ += 1
      const isMargin = x < 4 || y < 4 || x >= size - 4 || y >= size - 4
      if (isMargin && dark.has(`${x} ${y}`)) differ += 1
    }
  }
  expect([differ, dark.size > 300]).toEqual([0, true])
})
