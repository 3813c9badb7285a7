import { peopleDevicesSettings } from './0001_people_devices_settings.js'
import { bindingsEvents } from './0002_bindings_events.js'
import { bans } from './0003_bans.js'
import { accounts } from './0004_accounts.js'
import { repeatedEvents } from './0005_repeated_events.js'
import { bindingsWithoutExpiryIndex } from './0006_bindings_without_expiry_index.js'
import { resyncRequests } from './0007_resync_requests.js'
import { removedExtensions } from './0008_removed_extensions.js'
import { groupKeys } from './0009_group_keys.js'
import { scheduledChanges } from './0010_scheduled_changes.js'
import { imports } from './0011_imports.js'
import { softphones } from './0012_softphones.js'
import { mailsAndOwnPages } from './0013_mails_and_own_pages.js'
import { formerPasswords } from './0014_former_passwords.js'
import { webhooks } from './0015_webhooks.js'
import { webhookDeliveries } from './0016_webhook_deliveries.js'
import { keptFiles } from './0017_kept_files.js'
import { bindingJournal } from './0018_binding_journal.js'
import { lockedKeys } from './0021_locked_keys.js'
import { ownPasswords } from './0022_own_passwords.js'
import { groupsOfPeople } from './0025_groups_of_people.js'
import { peopleWithoutNumber } from './0026_people_without_number.js'
import { notices } from './0027_notices.js'
import type { SchemaStep } from './migration.js'

/** All steps in order, named one by one, so that they are found from src as well as from dist. */
export const SCHEMA_STEPS: readonly SchemaStep[] = [
  peopleDevicesSettings,
  bindingsEvents,
  bans,
  accounts,
  repeatedEvents,
  bindingsWithoutExpiryIndex,
  resyncRequests,
  removedExtensions,
  groupKeys,
  scheduledChanges,
  imports,
  softphones,
  mailsAndOwnPages,
  formerPasswords,
  webhooks,
  webhookDeliveries,
  keptFiles,
  bindingJournal,
  lockedKeys,
  ownPasswords,
  groupsOfPeople,
  peopleWithoutNumber,
  notices,
]
