import type { Extension } from '../domain/entities.js'

/** Values that one owner of a layer says. */
type ValuesOf = (layer: 'global' | 'site' | 'extension', owner: string) => ReadonlyMap<string, unknown> | undefined

/** May this person have the own page at all? Says the setting `clientLogin`. */
export function mayHaveOwnPage(
  valuesOf: ValuesOf,
  { id, siteId, enabled }: Pick<Extension, 'id' | 'siteId' | 'enabled'>,
): boolean {
  const said = [valuesOf('extension', id), valuesOf('site', siteId), valuesOf('global', '')]
  const first = said.map((values) => values?.get('clientLogin')).find((value) => value !== undefined)
  return enabled && first !== false
}
