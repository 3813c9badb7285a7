// Makes dist/: the modules (for tests and benchmarks), the phones of device-templates/ read and checked, the admin's
// pages, and the program itself in one script with its packages, which starts several times faster than hundreds of modules do.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildWeb } from './build-web.mjs'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

// Types are taken away here, and checked by `npm run types`: who only installs the program need not wait for that.
const sources = ['src', 'db'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name)),
)
const { metafile: modules } = await build({
  entryPoints: sources,
  outdir: dist,
  outbase: root,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'error',
  metafile: true,
})
const made = new Set(Object.keys(modules.outputs))
for (const folder of ['dist/src', 'dist/db']) {
  for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    const file = `${folder}/${name}`
    if (/\.js(\.map)?$/.test(name) && !made.has(file)) rmSync(join(root, file))
  }
}

/** Changes with every module: what one program rendered and kept is nothing to another. */
const program = createHash('sha256')
for (const file of [...made].filter((name) => name.endsWith('.js')).sort())
  program.update(readFileSync(join(root, file)))

const { compilePhoneData } = await import('./dist/src/phone-data.js')
const phones = compilePhoneData()
writeFileSync(join(dist, 'phones.json'), phones)

/** What only some installations need, and what has native parts, stays a package and is read when it is asked for. */
const packagesAtNeed = {
  name: 'packages at need',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

buildWeb(dist)

// A script instead of modules, since only of a script Node 20 keeps what V8 compiled.
const { outputFiles } = await build({
  entryPoints: [join(dist, 'src', 'main.js')],
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // `import()` of a package becomes `require`: in a script, Node 20 allows it with a warning only.
  supported: { 'dynamic-import': false },
  logLevel: 'error',
  // sqlite3 has a native part; knex names the others, and only those that are used are installed.
  external: ['sqlite3', 'pg', 'pg-*', 'better-sqlite3', 'mysql', 'mysql2', 'mariadb/*', 'oracledb', 'tedious'],
  plugins: [packagesAtNeed],
  define: {
    PHONEBOOT_PHONES_SHA256: JSON.stringify(createHash('sha256').update(phones).digest('hex')),
    PHONEBOOT_PROGRAM_SHA256: JSON.stringify(program.digest('hex')),
    'import.meta.url': 'PHONEBOOT_URL',
  },
  banner: { js: '(function (require, PHONEBOOT_URL) {' },
  footer: { js: '})' },
})
// A single letter beyond ASCII would double what the text takes in memory. esbuild leaves them in comments and expressions.
const text = outputFiles[0].text.replaceAll(
  /[^\x00-\x7f]/g,
  (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
)
const script = `parts/program-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.cjs`
mkdirSync(join(dist, 'parts'), { recursive: true })
writeFileSync(join(dist, script), text)

// Written last: build-if-needed.mjs takes its time for the time of the build.
await build({
  entryPoints: [join(dist, 'src', 'phoneboot.js')],
  outdir: dist,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
  define: { PHONEBOOT_SCRIPT: JSON.stringify(script) },
})
chmodSync(join(dist, 'phoneboot.js'), 0o755)

// Phones of all kinds come up once, so that what was compiled for them is kept. Without it the program only starts slower.
const warmUp = spawnSync(process.execPath, [join(dist, 'phoneboot.js'), 'demo', '--once'], {
  // Flags for V8 would make it another one.
  env: { ...process.env, NODE_OPTIONS: '', PHONEBOOT_KEEP_COMPILED: '1' },
  timeout: 60_000,
  encoding: 'utf8',
})
if (warmUp.status !== 0) console.error(`phoneboot: what V8 compiles is not kept: ${warmUp.error ?? warmUp.stderr}`)

// Builds before go last: a program that starts meanwhile finds its own script.
const parts = readdirSync(join(dist, 'parts')).filter((name) => !script.includes(name.replace('.compiled', '')))
for (const name of parts) rmSync(join(dist, 'parts', name), { recursive: true })
