import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { systemErrorCode, AppError } from '../../domain/errors.js'
import { parseProfile, type Profile } from '../profile.js'

const FOLDER = 'import-profiles'

/**
 * Reads `import-profiles/*.yaml` of each folder of phone data; one of a later folder replaces its namesake.
 * Throws TEMPLATES_INVALID naming the file.
 */
export function loadProfiles(roots: readonly string[]): Profile[] {
  const profiles = new Map<string, Profile>()
  for (const root of roots) {
    for (const name of namesIn(join(root, FOLDER))) {
      const id = name.replace(/\.yaml$/, '')
      profiles.set(id, parseProfile(id, parseYaml(join(root, FOLDER, name))))
    }
  }
  return [...profiles.values()]
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort()
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new AppError('TEMPLATES_INVALID', `${path}: ${error.message.split('\n')[0] ?? ''}`)
  }
}
