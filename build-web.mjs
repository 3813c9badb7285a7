// The admin's pages as the program serves them: templates in one file; scripts, styles and pictures under names that
// hold their hash, packed at build with gzip and Brotli. UI packages are needed here only.
import { buildSync } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = dirname(fileURLToPath(import.meta.url))
const source = join(root, 'src', 'web')

/** Name in the pages -> file. */
const ASSETS = {
  'app.js': join(source, 'assets', 'app.js'),
  'import.js': join(source, 'assets', 'import.js'),
  'move-in.js': join(source, 'assets', 'move-in.js'),
  'copy.js': join(source, 'assets', 'copy.js'),
  'passwords.js': join(source, 'assets', 'passwords.js'),
  'scan.js': join(source, 'assets', 'scan.js'),
  'theme.js': join(source, 'assets', 'theme.js'),
  'keys.css': join(source, 'assets', 'keys.css'),
  'icon.svg': join(source, 'assets', 'icon.svg'),
  'htmx.js': join(root, 'node_modules', 'htmx.org', 'dist', 'htmx.min.js'),
  'morph.js': join(root, 'node_modules', 'idiomorph', 'dist', 'idiomorph-ext.min.js'),
  'tabler.css': join(root, 'node_modules', '@tabler', 'core', 'dist', 'css', 'tabler.min.css'),
}

/** Name in the pages -> where a script made of parts begins. */
const SCRIPTS = { 'keys.js': join(source, 'island', 'edge', 'main.tsx') }

/** A script with all it needs in one file. */
function bundled(entry) {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error',
    legalComments: 'none',
  })
  return outputFiles[0].text
}

/** The pages' own styles in one file; parts of it in the order of their names, as later ones win. */
function ownStyles() {
  const folder = join(source, 'assets', 'styles')
  const parts = readdirSync(folder).filter((name) => name.endsWith('.css'))
  return parts
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}

/** Text of every template below a folder, by name without `.hbs`. */
function templates(folder) {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.hbs'))
    .sort()
  return Object.fromEntries(names.map((name) => [basename(name, '.hbs'), readFileSync(join(folder, name), 'utf8')]))
}

/** Writes `web/` into the folder of the build. */
export function buildWeb(dist) {
  const folder = join(dist, 'web')
  const files = join(folder, 'assets')
  mkdirSync(files, { recursive: true })
  const written = new Set()
  const write = (name, bytes) => {
    written.add(name)
    writeFileSync(join(files, name), bytes)
  }
  const assets = {}
  const texts = [
    // A map that is not served would be asked for by every browser whose tools are open.
    ...Object.entries(ASSETS).map(([name, path]) => [
      name,
      readFileSync(path, 'utf8').replace(/\n?\/[*/]# sourceMappingURL=[^\n]*/, ''),
    ]),
    ['app.css', ownStyles()],
    ...Object.entries(SCRIPTS).map(([name, entry]) => [name, bundled(entry)]),
  ]
  for (const [name, text] of texts) {
    const bytes = Buffer.from(text)
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    const hashed = `${basename(name, extname(name))}.${hash}${extname(name)}`
    assets[name] = hashed
    write(hashed, bytes)
    write(`${hashed}.gz`, gzipSync(bytes, { level: 9 }))
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    write(`${hashed}.br`, brotliCompressSync(bytes, { params }))
  }
  const views = templates(join(source, 'templates'))
  const partials = templates(join(source, 'templates', 'partials'))
  writeFileSync(join(folder, 'pages.json'), JSON.stringify({ assets, views, partials }))
  for (const name of readdirSync(files)) if (!written.has(name)) rmSync(join(files, name))
}

// By itself: only this part, for somebody who works on the pages.
if (process.argv[1] === fileURLToPath(import.meta.url)) buildWeb(process.argv[2] ?? join(root, 'dist'))
