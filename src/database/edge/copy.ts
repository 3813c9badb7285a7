import { chmod, open, rename } from 'node:fs/promises'
import { sqlitePool } from './connect.js'
import { orUnusable } from './write.js'

/**
 * Copies a live SQLite file, whole and compact, through a connection of its own (VACUUM INTO). The copy has mode 0600
 * and appears under its final name only when it is complete.
 */
export async function copySqlite(file: string, target: string): Promise<void> {
  const part = `${target}.part`
  const reader = sqlitePool(file, 'full')
  try {
    const handle = await open(part, 'wx', 0o600)
    await handle.close()
    await orUnusable(Promise.resolve(reader.raw('vacuum into ?', [part])))
    await chmod(part, 0o600)
    await rename(part, target)
  } finally {
    await reader.destroy()
  }
}
