// Makes dist/: the modules (for tests and benchmarks), the phones of device-templates/ read and checked, the admin's
// pages, and the program itself in one file with its packages, which starts several times faster than hundreds of modules do.
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
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

/** A package that the program asks for by `import()` stays one: CommonJS made a part would lose the names it exports. */
const packagesAtNeed = {
  name: 'packages at need',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

buildWeb(dist)

// Written last: build-if-needed.mjs takes its time for the time of the build.
const { metafile } = await build({
  entryPoints: { phoneboot: join(dist, 'src', 'main.js') },
  outdir: dist,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  // What `import()` asks for stays in files of its own, read when it is needed.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'error',
  metafile: true,
  // sqlite3 has a native part; knex names the others, and only those that are used are installed.
  external: ['sqlite3', 'pg', 'pg-*', 'better-sqlite3', 'mysql', 'mysql2', 'mariadb/*', 'oracledb', 'tedious'],
  plugins: [packagesAtNeed],
  define: {
    PHONEBOOT_PHONES_SHA256: JSON.stringify(createHash('sha256').update(phones).digest('hex')),
    PHONEBOOT_PROGRAM_SHA256: JSON.stringify(program.digest('hex')),
  },
  // For packages that are CommonJS.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
})
chmodSync(join(dist, 'phoneboot.js'), 0o755)

// Parts of builds before go last: a program that starts meanwhile finds those of its own.
const parts = new Set(Object.keys(metafile.outputs).map((file) => basename(file)))
for (const name of readdirSync(join(dist, 'parts'))) if (!parts.has(name)) rmSync(join(dist, 'parts', name))
