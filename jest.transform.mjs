import { createHash } from 'node:crypto'
import { transformSync } from 'esbuild'

/** Strips types only; types are checked by `npm run types`. */
export default {
  process: (source, file) =>
    transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: file }),
  getCacheKey: (source, file) => createHash('sha256').update(source).update('\0').update(file).digest('hex'),
}
