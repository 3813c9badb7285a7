import { accountRoutes } from './api/accounts.js'
import { banRoutes } from './api/bans.js'
import { bulkRoutes } from './api/bulk.js'
import { deviceFileRoutes } from './api/device-files.js'
import { deviceLineRoutes } from './api/device-lines.js'
import { deviceRoutes } from './api/devices.js'
import { changeRoutes, effectRoutes } from './api/effects.js'
import { extensionRoutes } from './api/extensions.js'
import { groupRoutes } from './api/groups.js'
import { keyRoutes } from './api/keys.js'
import { importRoutes } from './api/imports.js'
import { liveRoutes } from './api/live.js'
import { peopleRoutes } from './api/people.js'
import { phonebookRoutes } from './api/phonebook.js'
import { registrationRoutes } from './api/registrations.js'
import { resyncRoutes } from './api/resync.js'
import { roleRoutes } from './api/roles.js'
import { scheduledRoutes } from './api/scheduled.js'
import { sessionRoutes } from './api/session.js'
import { settingLayerRoutes } from './api/setting-layers.js'
import { settingRoutes } from './api/settings.js'
import { unnumberedRoutes } from './api/unnumbered.js'
import { webhookRoutes } from './api/webhooks.js'
import { timelineRoutes } from './api/timeline.js'
import { moveInRoutes } from './api/move-in.js'
import { mailRoutes } from './api/mails.js'
import { softphoneRoutes } from './api/softphones.js'
import type { Route } from './route.js'

/** The one table of the API: what is not in it does not answer, and each row names the right it needs. */
export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...softphoneRoutes,
  ...mailRoutes,
  ...peopleRoutes,
  ...unnumberedRoutes,
  ...extensionRoutes,
  ...phonebookRoutes,
  ...deviceRoutes,
  ...deviceLineRoutes,
  ...keyRoutes,
  ...deviceFileRoutes,
  ...timelineRoutes,
  ...resyncRoutes,
  ...groupRoutes,
  ...settingRoutes,
  ...settingLayerRoutes,
  ...effectRoutes,
  ...changeRoutes,
  ...scheduledRoutes,
  ...liveRoutes,
  ...registrationRoutes,
  ...banRoutes,
  ...bulkRoutes,
  ...importRoutes,
  ...moveInRoutes,
  ...accountRoutes,
  ...roleRoutes,
  ...webhookRoutes,
]
