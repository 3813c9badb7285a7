import type { Millis } from '../domain/clock.js'
import type { Id, Layer } from '../domain/entities.js'

/** Who changes something, and when: goes into the audit log. `actor` is for example `cli:root` or `import:root`. */
export interface Author {
  readonly actor: string
  readonly at: Millis
}

/** What other readers of the database must look at again. `all` means everything. */
export type FeedTopic =
  | { readonly topic: 'site' | 'extension' | 'device'; readonly key: Id }
  | { readonly topic: 'layer'; readonly key: string }
  | { readonly topic: 'all'; readonly key: '' }

export const ALL_CHANGED: FeedTopic = { topic: 'all', key: '' }

export function layerTopic(layer: Layer, owner: string): FeedTopic {
  return { topic: 'layer', key: `${layer}:${owner}` }
}

const ENDED = 'registration:'

/** A registration that an admin throws out by command line: the server is told by the feed. */
export interface EndedRegistration {
  readonly aor: string
  readonly bindingKey: string
}

/** Goes as a layer, of which there is none of this name: the feed's table knows no other topics. */
export function endedRegistrationTopic({ aor, bindingKey }: EndedRegistration): FeedTopic {
  return { topic: 'layer', key: ENDED + JSON.stringify([aor, bindingKey]) }
}

/** The reverse of `endedRegistrationTopic`; undefined for the key of a layer. */
export function parseEndedRegistration(key: string): EndedRegistration | undefined {
  if (!key.startsWith(ENDED)) return undefined
  const [aor = '', bindingKey = ''] = JSON.parse(key.slice(ENDED.length)) as string[]
  return { aor, bindingKey }
}

/** The reverse of `layerTopic`. */
export function parseLayerKey(key: string): { layer: Layer; owner: string } {
  const colon = key.indexOf(':')
  return { layer: key.slice(0, colon) as Layer, owner: key.slice(colon + 1) }
}

/** One change with everything it leaves behind: the audit row and what readers must reload. */
export interface Change {
  readonly author: Author
  /** Verb of the audit log, for example `extension.add`. */
  readonly action: string
  readonly entity:
    | 'site'
    | 'extension'
    | 'device'
    | 'group'
    | 'setting'
    | 'import'
    | 'admin'
    | 'role'
    | 'softphone'
    | 'mail'
    | 'webhook'
  readonly entityId: string
  /** The site whose admins may see the audit row; absent: it concerns more than one. */
  readonly siteId?: Id
  /** Without secrets. */
  readonly before?: unknown
  /** Without secrets. */
  readonly after?: unknown
  readonly feed: readonly FeedTopic[]
}
