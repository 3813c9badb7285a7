import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedTemplates } from '../../catalog/edge/load-folder.js'
import { parseApps, type SoftphoneApps } from '../app.js'

/** Folder of apps within a folder of phone data. */
const FOLDER = 'softphones'

/** The apps shipped with phoneboot, then the operator's own over them. Throws TEMPLATES_INVALID naming file and place. */
export function loadSoftphoneApps(templatesDir?: string): SoftphoneApps {
  const roots = [shippedTemplates(), ...(templatesDir === undefined ? [] : [templatesDir])]
  return parseApps(roots.flatMap((root) => filesIn(join(root, FOLDER))))
}

function filesIn(folder: string): (readonly [string, string])[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    // An operator's folder need not have apps.
    return []
  }
  return names
    .filter((name) => /^[a-z0-9][a-z0-9-]{0,39}\.yaml$/.test(name))
    .sort()
    .map((name) => [name.replace(/\.yaml$/, ''), readFileSync(join(folder, name), 'utf8')] as const)
}
