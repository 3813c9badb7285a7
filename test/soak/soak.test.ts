import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { seededRandom } from '../support/seeded-random.js'

/** The short form of `npm run soak`: the server and the phones are the same, the time is not. */
const PHONES = 30
const MINUTES = 0.3

jest.setTimeout(300_000)

const ROOT = resolve(import.meta.dirname, '../..')
interface Flatness {
  isFlat(
    samples: readonly (readonly [seconds: number, value: number])[],
    allowed: { share: number; least: number },
  ): { level: number; growth: number; flat: boolean }
}
const { isFlat } = (await import(join(ROOT, 'benchmarks/support/flat.mjs'))) as Flatness

/** 60 samples of a figure around 100 that moves up and down by 4, and by `more` from the first to the last. */
function samples(more: number): [number, number][] {
  const random = seededRandom(7)
  return Array.from({ length: 60 }, (_, n) => [
    n * 5,
    100 + ((random.bytes(1)[0] ?? 0) / 255 - 0.5) * 8 + (more * n) / 59,
  ])
}

describe('what counts as flat', () => {
  const allowed = { share: 0.05, least: 1 }

  test('noise alone is flat, also with a peak', () => {
    const noisy = samples(0)
    noisy[57] = [285, 900]
    expect(isFlat(noisy, allowed)).toMatchObject({ flat: true })
  })

  test('a slow leak below the noise is found', () => {
    const { flat, growth } = isFlat(samples(8), allowed)
    expect(flat).toBe(false)
    expect(growth).toBeGreaterThan(6)
    expect(growth).toBeLessThan(10)
  })

  test('what shrinks is flat', () => {
    expect(isFlat(samples(-30), allowed)).toMatchObject({ flat: true })
  })
})

describe('a short soak', () => {
  let out: string
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'phoneboot-soak-'))
  })
  afterAll(() => rm(out, { recursive: true, force: true }))

  test('phones register and poll again and again: memory, handles and timers of the server stay where they are', async () => {
    const args = ['soak', '--phones', String(PHONES), '--minutes', String(MINUTES), '--out', out]
    const { code, told } = await new Promise<{ code: unknown; told: string }>((done) => {
      execFile(process.execPath, [join(ROOT, 'benchmarks/run.mjs'), ...args], (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, told: stdout + stderr }),
      )
    })
    expect(told).toMatch(/^soak: flat$/m)
    expect(code).toBe(0)
    expect(told).toMatch(/^ {2}27 of 27 steady phones registered at the end/m)
    const [head, ...rows] = (await readFile(join(out, 'soak.csv'), 'utf8')).trim().split('\n')
    expect(head).toBe('seconds,heapMiB,externalMiB,rssMiB,handles,timers,files,registered,polls')
    expect(rows.length).toBeGreaterThan(10)
    const svg = await readFile(join(out, 'soak.svg'), 'utf8')
    expect(svg.match(/<polyline/g)).toHaveLength(4)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })
})
