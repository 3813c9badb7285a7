import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WebPages } from '../templates.js'

/** A file that browsers may keep for ever: its name changes with what is in it. */
export interface Asset {
  type: string
  plain: Buffer
  gzip: Buffer
  brotli: Buffer
}

export interface WebFiles {
  pages: WebPages
  /** By name with hash. */
  assets: ReadonlyMap<string, Asset>
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Reads what the build put into dist/web. Throws when it is not there. */
export function readWebFiles(): WebFiles {
  const folder = webFolder()
  const pages = JSON.parse(readFileSync(join(folder, 'pages.json'), 'utf8')) as WebPages
  const read = (name: string): Asset => {
    const path = join(folder, 'assets', name)
    return {
      type: TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      plain: readFileSync(path),
      gzip: readFileSync(`${path}.gz`),
      brotli: readFileSync(`${path}.br`),
    }
  }
  return { pages, assets: new Map(Object.values(pages.assets).map((name) => [name, read(name)])) }
}

/** Beside the program, or in the dist/ of the folder it is developed in. */
function webFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    for (const candidate of [join(folder, 'web'), join(folder, 'dist', 'web')]) {
      if (statSync(join(candidate, 'pages.json'), { throwIfNoEntry: false })) return candidate
    }
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the admin pages were not built: dist/web is missing')
    folder = parent
  }
}
