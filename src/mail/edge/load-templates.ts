import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedTemplates } from '../../catalog/edge/load-folder.js'
import { parseMailTemplates, type MailTemplates } from '../message.js'

/** Folder of mails within a folder of phone data. */
const FOLDER = 'mail'

/** The mails shipped with phoneboot, then the operator's own over them. Throws TEMPLATES_INVALID. */
export function loadMailTemplates(templatesDir?: string): MailTemplates {
  const roots = [shippedTemplates(), ...(templatesDir === undefined ? [] : [templatesDir])]
  return parseMailTemplates(roots.flatMap((root) => filesIn(join(root, FOLDER))))
}

function filesIn(folder: string): (readonly [string, string])[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
    return names.map((name) => [name.replace(/\.yaml$/, ''), readFileSync(join(folder, name), 'utf8')] as const)
  } catch {
    // An operator's folder need not have mails.
    return []
  }
}
