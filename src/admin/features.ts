import type { Id } from '../domain/entities.js'
import { hidesFeature } from '../settings/hidden-features.js'
import { siteValue } from '../snapshot/site-value.js'
import type { Snapshot } from '../snapshot/snapshot.js'

/** What a site may hide (setting `hiddenFeatures`), and the routes of the API that go with it. Data stays as it is. */
const FEATURES = {
  softphones: /^\/(?:softphone|extensions\/\{number\}\/softphones)/,
  mails: /^\/(?:mails?\b|extensions\/\{number\}\/mails?\b)/,
  webhooks: /^\/webhooks/,
  'own-pages': undefined,
  'expansion-modules': undefined,
  'pbx-fields': undefined,
} as const satisfies Record<string, RegExp | undefined>

export type Feature = keyof typeof FEATURES

export const FEATURE_NAMES = Object.keys(FEATURES) as Feature[]

/** The feature that a route of the API belongs to. */
export function featureOf(path: string): Feature | undefined {
  return FEATURE_NAMES.find((name) => FEATURES[name]?.test(path))
}

/** Settings that are about a feature alone, and not shown without it. */
export const FEATURE_SETTINGS: Readonly<Record<string, Feature>> = {
  maxSoftphones: 'softphones',
  keyModules: 'expansion-modules',
  keyModuleType: 'expansion-modules',
  clientLogin: 'own-pages',
  clientLoginName: 'own-pages',
  mayChangeForwarding: 'own-pages',
  mayChangeDoNotDisturb: 'own-pages',
}

/** Does the site do without this feature? */
export function isHidden(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, feature: Feature | undefined): boolean {
  if (feature === undefined) return false
  return hidesFeature(siteValue(snapshot, siteId, 'hiddenFeatures'), feature)
}
