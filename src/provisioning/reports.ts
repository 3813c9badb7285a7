import { Secret } from '../domain/secret.js'
import type { LayerInput } from '../settings/resolve.js'
import type { SettingScalar } from '../settings/vocabulary.js'
import { setIn } from './layers.js'

/** What a phone asks for behind its token when somebody switches "do not disturb" there, and what that means. */
export const REPORTS: ReadonlyMap<string, boolean> = new Map([
  ['dnd-on', true],
  ['dnd-off', false],
])

/** Addresses that a phone is told to call (its action URLs). */
export interface ReportsView {
  dndOn: Secret
  dndOff: Secret
}

/** @param folder of the phone's own files, with its token; by HTTP or HTTPS, for a phone calls by nothing else */
export function reportsView(settings: Readonly<Record<string, SettingScalar>>, folder: string): ReportsView | null {
  if (settings.reportDoNotDisturb !== true) return null
  return { dndOn: new Secret(`${folder}dnd-on`), dndOff: new Secret(`${folder}dnd-off`) }
}

/** Is a phone with these layers, weakest first, to be heard? Looks at nothing else. */
export function mayReport(layers: readonly LayerInput[]): boolean {
  return setIn(layers, 'reportDoNotDisturb') === true
}
