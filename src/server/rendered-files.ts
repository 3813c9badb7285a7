import { join } from 'node:path'
import { spareTime, steadyClock } from '../domain/edge/system-clock.js'
import type { FilesAhead } from '../provisioning/config-files.js'
import { StoredFileStore } from '../provisioning/edge/stored-files.js'
import { RenderAhead } from '../provisioning/render-ahead.js'
import type { Base } from './base.js'

/** In the data folder; may be removed at any time. */
const RENDERED_FILES_NAME = 'phoneboot.rendered'

/** SHA-256 over the program, which `build.mjs` writes into it; undefined when it runs from its modules. */
declare const PHONEBOOT_PROGRAM_SHA256: string | undefined

/** What was rendered before the start. Undefined when the program cannot tell whether it is still the same. */
export async function openStoredFiles({ installation }: Base): Promise<StoredFileStore | undefined> {
  if (typeof PHONEBOOT_PROGRAM_SHA256 === 'undefined') return undefined
  const { config, log, byteBox, digest } = installation
  return StoredFileStore.open({
    path: join(config.dataDir, RENDERED_FILES_NAME),
    box: byteBox,
    program: `${PHONEBOOT_PROGRAM_SHA256} ${digest}`,
    log,
  })
}

/** Renders while nothing else is to be done, until the server stops. */
export function startRenderAhead(
  { installation, feed, undo }: Base,
  files: FilesAhead,
  store: StoredFileStore,
): RenderAhead {
  const { snapshot } = feed
  const ahead = new RenderAhead({
    ...{ snapshot, catalog: installation.catalog, files, store, clock: steadyClock, spareTime, log: installation.log },
  })
  undo.add(feed.onChange(() => ahead.changed()))
  undo.add(() => {
    ahead.stop()
    return store.flush()
  })
  return ahead
}
