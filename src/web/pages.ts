import type { PageRow } from './page.js'
import { changePages } from './pages/changes.js'
import { groupPages } from './pages/groups.js'
import { keyPages } from './pages/keys.js'
import { peoplePages } from './pages/people.js'
import { personPages } from './pages/person.js'
import { pendingPages } from './pages/pending.js'
import { phonePages } from './pages/phones.js'
import { settingPages } from './pages/settings.js'
import { startPages } from './pages/start.js'

/** The one table of pages: what is not in it does not answer, and each row names the right it needs. */
export const PAGES: readonly PageRow[] = [
  ...startPages,
  ...pendingPages,
  ...peoplePages,
  ...personPages,
  ...phonePages,
  ...groupPages,
  ...keyPages,
  ...settingPages,
  ...changePages,
]
