import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '../installation.js'

/** File in the data folder that holds the link; for its owner alone. */
const FILE_NAME = 'admin-setup-link.txt'

/** Where the first owner makes himself known. */
export interface SetupLink {
  /** Its token is in the fragment, which browsers send to nobody. */
  url: string
  file: string
}

/**
 * While there is no admin: a new one-time link, which replaces that of an earlier start; also written to a file of
 * mode 0600, as logs are read by others. Undefined when somebody may sign in already, and then there is no such file.
 */
export async function makeSetupLink(
  { accounts, config }: Pick<Installation, 'accounts' | 'config'>,
  adminUrl: string,
): Promise<SetupLink | undefined> {
  const file = join(config.dataDir, FILE_NAME)
  const token = await accounts.setupLink()
  await rm(file, { force: true })
  if (!token) return undefined
  const url = `${adminUrl}/setup#${token.reveal()}`
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(`${url}\n`)
  } finally {
    await handle.close()
  }
  return { url, file }
}
