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
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}

const builtAt = newest(join(root, 'dist', 'src', 'main.js'))
const inputs = ['src', 'db', 'package.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name))
if (builtAt === 0 || inputs.some((path) => newest(path) > builtAt)) {
  console.error('phoneboot: compiling TypeScript, this takes some seconds …')
  execFileSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json')],
    {
      stdio: ['ignore', 2, 2],
    },
  )
}
