import type { Change } from '../database/change.js'
import type { Site } from '../domain/entities.js'

/** Sites; the oldest is the default one, made with the schema. Each call may throw DATABASE_UNUSABLE. */
export interface SiteStore {
  /** Oldest first. */
  list(): Promise<Site[]>
  /** Throws SITE_NOT_FOUND when the database holds none. */
  defaultSite(): Promise<Site>
  /** With audit row and change feed. Throws SITE_EXISTS. */
  insert(site: Site, change: Change): Promise<void>
}
