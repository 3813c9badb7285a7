// The long form of tests that CI runs short, and the pictures that the test of all pages takes on its way (`npm run pictures`):
// `npm run fuzz -- --inputs 100000 --seed 1`, `npm run crash -- --rounds 30 --rate 500` (0: as fast as they are answered).
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const FORMS = {
  fuzz: { tests: ['test/fuzz'], inputs: '100000', seed: '1' },
  pictures: { tests: ['test/conformance/every-page.test.ts'], folder: 'docs/pictures', format: 'webp', only: '' },
  crash: { tests: ['test/server/crash.test.ts'], rounds: '30', seed: '1', rate: '500' },
}
const [name = '', ...rest] = process.argv.slice(2)
const { tests, ...defaults } = FORMS[name] ?? {}
if (!tests) {
  console.error(`usage: node test/long-form.mjs ${Object.keys(FORMS).join('|')}`)
  process.exit(64)
}
const options = Object.fromEntries(
  Object.entries(defaults).map(([key, value]) => [key, { type: 'string', default: value }]),
)
const { values } = parseArgs({ args: rest, options })
const settings = Object.entries(values).map(([key, value]) => [`PHONEBOOT_TEST_${name}_${key}`.toUpperCase(), value])
const { status } = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...tests, '--silent=false'], {
  stdio: 'inherit',
  env: { ...process.env, ...Object.fromEntries(settings), NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
})
process.exit(status ?? 1)
