// Builds dist/ when a source file is newer than the last build, so that `npm start` works right after `npm ci`.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))

function newest(path) {
  const info = statSync(path, { throwIfNoEntry: false })
  if (!info) return 0
  if (!info.isDirectory()) return info.mtimeMs
  // Examples of phones are for tests; the program knows nothing of them.
  const names = readdirSync(path).filter((name) => name !== 'examples')
  return Math.max(0, ...names.map((name) => newest(join(path, name))))
}

const builtAt = newest(join(root, 'dist', 'phoneboot.js'))
const names = ['src', 'db', 'device-templates', 'build.mjs', 'build-web.mjs', 'package.json', 'tsconfig.json']
if (builtAt === 0 || names.some((name) => newest(join(root, name)) > builtAt)) {
  console.error('phoneboot: compiling TypeScript, this takes some seconds …')
  execFileSync(process.execPath, [join(root, 'build.mjs')], { stdio: ['ignore', 2, 2] })
}
