import type { Extension, Id, Layer, SettingValue, Site } from '../../domain/entities.js'
import type { ExtensionNumber } from '../../domain/extension-number.js'
import type { Sealed } from '../../domain/secret.js'

/*
 * Rows of the tables and the entities they hold, both ways. A column that is null is a property that is absent.
 * Rows to insert have every column: SQLite writes NULL into a column that other rows of the statement have.
 */

/** Names of a table's columns; the compiler asks for each one of its row. */
export function namesOf<Row>(columns: Readonly<Record<keyof Row, true>>): readonly (keyof Row & string)[] {
  return Object.keys(columns) as (keyof Row & string)[]
}

export interface SiteRow {
  id: Id
  slug: string
  name: string
  sip_domain: string | null
  revision: number
}

export function toSite(row: SiteRow): Site {
  const { id, slug, name, sip_domain: sipDomain, revision } = row
  return { id, slug, name, ...(sipDomain === null ? {} : { sipDomain }), revision }
}

export interface ExtensionRow {
  id: Id
  site_id: Id
  number: ExtensionNumber
  display_name: string
  email: string | null
  auth_username: string
  sealed_password: Sealed
  max_contacts: number | null
  enabled: number
  revision: number
}

export const EXTENSION_COLUMNS = namesOf<ExtensionRow>({
  id: true,
  site_id: true,
  number: true,
  display_name: true,
  email: true,
  auth_username: true,
  sealed_password: true,
  max_contacts: true,
  enabled: true,
  revision: true,
})

export function toExtension(row: ExtensionRow): Extension {
  return {
    id: row.id,
    siteId: row.site_id,
    number: row.number,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    authUsername: row.auth_username,
    sealedPassword: row.sealed_password,
    ...(row.max_contacts === null ? {} : { maxContacts: row.max_contacts }),
    enabled: row.enabled === 1,
    revision: row.revision,
  }
}

export function extensionRow(extension: Extension): ExtensionRow {
  return {
    id: extension.id,
    site_id: extension.siteId,
    number: extension.number,
    display_name: extension.displayName,
    email: extension.email ?? null,
    auth_username: extension.authUsername,
    sealed_password: extension.sealedPassword,
    max_contacts: extension.maxContacts ?? null,
    enabled: extension.enabled ? 1 : 0,
    revision: extension.revision,
  }
}

export interface SettingRow {
  layer: Layer
  owner: string
  key: string
  /** JSON. */
  value: string
}

export function toSettingValue({ layer, owner, key, value }: SettingRow): SettingValue {
  return { layer, owner, key, value: JSON.parse(value) as unknown }
}
