import type { PageRow } from './page.js'
import { accountPages } from './pages/accounts.js'
import { statePages } from './pages/administration.js'
import { changePages } from './pages/changes.js'
import { groupPages } from './pages/groups.js'
import { importPages } from './pages/imports.js'
import { keyPages } from './pages/keys.js'
import { ownAccountPages } from './pages/own-account.js'
import { peoplePages } from './pages/people.js'
import { personPages } from './pages/person.js'
import { pendingPages } from './pages/pending.js'
import { phonebookPages } from './pages/phonebook.js'
import { phoneActionPages } from './pages/phone-actions.js'
import { phoneFilePages } from './pages/phone-files.js'
import { phoneDetailPages } from './pages/phone.js'
import { phonePages } from './pages/phones.js'
import { registrationPages } from './pages/registrations.js'
import { rolePages } from './pages/roles.js'
import { settingPages } from './pages/settings.js'
import { moveInPages } from './pages/move-in.js'
import { mailPages } from './pages/mails.js'
import { softphonePages } from './pages/softphones.js'
import { startPages } from './pages/start.js'
import { unnumberedPages } from './pages/unnumbered.js'
import { webhookPages } from './pages/webhooks.js'

/** The one table of pages: what is not in it does not answer, and each row names the right it needs. */
export const PAGES: readonly PageRow[] = [
  ...startPages,
  ...pendingPages,
  ...unnumberedPages,
  ...peoplePages,
  ...personPages,
  ...phonebookPages,
  ...phonePages,
  ...phoneDetailPages,
  ...phoneActionPages,
  ...phoneFilePages,
  ...registrationPages,
  ...groupPages,
  ...keyPages,
  ...softphonePages,
  ...mailPages,
  ...importPages,
  ...moveInPages,
  ...settingPages,
  ...changePages,
  ...accountPages,
  ...rolePages,
  ...statePages,
  ...webhookPages,
  ...ownAccountPages,
]
