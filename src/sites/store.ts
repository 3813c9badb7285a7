import type { Site } from '../domain/entities.js'

/** Reads of sites; the oldest is the default one, made with the schema. May throw DATABASE_UNUSABLE. */
export interface SiteStore {
  /** Oldest first. */
  list(): Promise<Site[]>
  /** Throws SITE_NOT_FOUND when the database holds none. */
  defaultSite(): Promise<Site>
}
