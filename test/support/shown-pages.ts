import type { Page } from 'playwright-core'
import type { Showroom } from './showroom.js'

/** A page as somebody comes to see it. */
export interface ShownPage {
  /** Name of its picture. */
  name: string
  path: string
  /** Who looks; anna, who may do everything, when left out. */
  by?: 'nobody' | 'viewer' | 'person'
  /** Looked at after all others, in this order: once there is a second site. */
  site?: string
  /** What is done on the page before it is looked at. */
  then?: (page: Page) => Promise<unknown>
  /** The row of the table of pages that is reached by `then`. */
  covers?: string
  /** The page says that something was refused or is not there. */
  refuses?: boolean
}

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).first().click()
/** What another server gave a phone. */
const OLD_FILE = Buffer.from(
  [
    '#!version:1.0.0.1',
    ...['enable = 1', 'label = Rita Old', 'display_name = Rita Old', 'user_name = 141', 'auth_name = 141'].map(
      (line) => `account.1.${line}`,
    ),
    ...['password = s3cretWord9', 'sip_server.1.address = pbx.example.com'].map((line) => `account.1.${line}`),
    '',
  ].join('\n'),
)
const PHONE = '805ec0000001'

const LISTS: readonly ShownPage[] = [
  { name: 'phones', path: '/phones' },
  { name: 'pending', path: '/pending' },
  { name: 'people', path: '/people' },
  { name: 'people-removed', path: '/people/removed' },
  { name: 'phonebook', path: '/phonebook' },
  { name: 'people-unnumbered', path: '/people/without-number' },
  { name: 'groups', path: '/groups' },
  { name: 'changes', path: '/changes' },
  { name: 'planned', path: '/planned' },
  { name: 'mails', path: '/mails' },
  { name: 'phones-none-found', path: '/phones?q=nobody' },
]

const PHONES: readonly ShownPage[] = [
  { name: 'phone', path: `/phones/${PHONE}` },
  { name: 'phone-stuck', path: '/phones/805ec0000011' },
  { name: 'phone-blocked', path: '/phones/c074ad000013' },
  { name: 'phone-new', path: '/phones/new' },
  { name: 'phone-new-model', path: '/phones/new?mac=000413820099' },
  { name: 'phone-remove', path: `/phones/${PHONE}/remove` },
  { name: 'phone-block', path: `/phones/${PHONE}/block` },
  { name: 'phone-lost', path: `/phones/${PHONE}/lost` },
  { name: 'phone-reboot', path: `/phones/${PHONE}/reboot` },
  { name: 'phone-move', path: `/phones/${PHONE}/move` },
  { name: 'phone-file', path: `/phones/${PHONE}/files/${PHONE}.cfg` },
  { name: 'phone-phonebook', path: `/phones/${PHONE}/files/phonebook.xml` },
  { name: 'phone-keys', path: '/phones/c074ad000003/keys' },
  { name: 'assign', path: '/pending/805ec0aa0001' },
]

const PEOPLE: readonly ShownPage[] = [
  { name: 'person', path: '/people/101' },
  { name: 'person-long-name', path: '/people/108' },
  { name: 'person-new', path: '/people/new' },
  { name: 'person-renumber', path: '/people/101/renumber' },
  { name: 'person-duplicate', path: '/people/101/duplicate' },
  { name: 'person-remove', path: '/people/109/remove' },
  { name: 'person-password', path: '/people/102', then: press('Show the password') },
  { name: 'keys', path: '/people/107/keys' },
  { name: 'mail-new', path: '/people/103/mail' },
  { name: 'softphones', path: '/people/103/softphones' },
  { name: 'softphone-code', path: '/people/104/softphones', then: press('Show the code') },
  { name: 'softphone-sheet-new', path: '/softphone-sheet' },
  {
    name: 'softphone-sheet',
    path: '/softphone-sheet',
    then: async (page) => {
      await page.locator('#f-numbers').fill('101 102 104')
      await press('Make the codes')(page)
    },
  },
  { name: 'group', path: '/groups/Reception' },
  { name: 'group-keys', path: '/groups/Reception/keys' },
]

const SETTINGS: readonly ShownPage[] = [
  { name: 'settings', path: '/settings' },
  { name: 'settings-layer', path: '/settings/vendor/yealink' },
  { name: 'setting', path: '/settings/site/default/language' },
  {
    name: 'setting-effect',
    path: '/settings/vendor/yealink/dtmf',
    then: async (page) => {
      await page.locator('#f-value').selectOption('inband')
      await press('See what changes')(page)
      await page.waitForSelector('.diff-new')
    },
  },
  { name: 'imports', path: '/import' },
  { name: 'move-in', path: '/move-in' },
  {
    name: 'move-in-found',
    path: '/move-in',
    covers: '/move-in/{id}',
    then: async (page) => {
      await page
        .locator('#f-file')
        .setInputFiles({ name: '805ec0000091.cfg', mimeType: 'text/plain', buffer: OLD_FILE })
      await press('Read the files')(page)
      await page.waitForURL(/move-in\/./)
    },
  },
]

const ADMINISTRATION: readonly ShownPage[] = [
  { name: 'administration', path: '/administration' },
  { name: 'accounts', path: '/accounts' },
  { name: 'account-new', path: '/accounts/new' },
  { name: 'roles', path: '/roles' },
  { name: 'role-new', path: '/roles/new' },
  { name: 'audit', path: '/audit' },
  { name: 'bans', path: '/bans' },
  { name: 'webhooks', path: '/webhooks' },
  { name: 'me', path: '/me' },
  { name: 'me-app', path: '/me', then: press('Set up an app') },
]

const OUTSIDE: readonly ShownPage[] = [
  { name: 'sign-in', path: '/sign-in', by: 'nobody' },
  { name: 'set-up', path: '/setup', by: 'nobody' },
  { name: 'password', path: '/password', by: 'nobody' },
  {
    name: 'sign-in-refused',
    path: '/sign-in',
    by: 'nobody',
    refuses: true,
    then: async (page) => {
      await page.locator('#f-login').fill('nobody')
      await page.locator('#f-password').fill('wrong')
      await page.keyboard.press('Enter')
      await page.waitForSelector('[role=alert]')
    },
  },
  { name: 'error-absent', path: '/nothing-here', refuses: true },
  { name: 'error-forbidden', path: '/accounts', by: 'viewer', refuses: true },
]

/** What has not begun yet; until here there is one site only, as most have. */
const SECOND_SITE: readonly ShownPage[] = [
  {
    name: 'sites',
    path: '/sites',
    site: 'default',
    then: async (page) => {
      if ((await page.getByText('Branch Hamburg').count()) > 0) return
      await page.locator('#f-name').fill('Branch Hamburg')
      await page.locator('#f-slug').fill('hamburg')
      await page.locator('#f-sipDomain').fill('hamburg.example.com')
      await press('Add a site')(page)
      await page.locator('#main').getByText('Branch Hamburg', { exact: true }).waitFor()
    },
  },
  { name: 'phones-empty', path: '/phones', site: 'hamburg' },
  { name: 'people-empty', path: '/people', site: 'hamburg' },
  { name: 'groups-empty', path: '/groups', site: 'hamburg' },
]

/** Every page of the showroom; the test of them finds out when one is missing. */
export function shownPages({
  ids,
  own,
  domainFirst,
  links,
}: Pick<Showroom, 'ids' | 'own' | 'domainFirst' | 'links'>): readonly ShownPage[] {
  const found: readonly ShownPage[] = [
    { name: 'account', path: `/accounts/${ids.account}` },
    { name: 'account-link', path: `/accounts/${ids.account}`, then: press('Make a link for a new password') },
    { name: 'role', path: `/roles/${ids.role}` },
    { name: 'webhook', path: `/webhooks/${ids.webhook}` },
    { name: 'webhook-secret', path: `/webhooks/${ids.webhook}`, then: press('New secret') },
    { name: 'import', path: `/import/${ids.undecided}` },
    { name: 'import-done', path: `/import/${ids.imported}` },
    { name: 'import-mails', path: `/import/${ids.imported}/mails` },
    { name: 'registration-drop', path: `/registrations/${encodeURIComponent(ids.registration)}/drop` },
    { name: 'import-undo', path: `/import/${ids.imported}/undo` },
    { name: 'sign-in-domain', path: `${domainFirst}/sign-in`, by: 'nobody' },
    { name: 'sign-in-of-domain', path: `${domainFirst}/sign-in?domain=acme.example`, by: 'nobody' },
    { name: 'own-start', path: links.unused, by: 'nobody' },
    { name: 'own-home', path: `${own}/me/`, by: 'person' },
    { name: 'own-code', path: links.code, by: 'nobody' },
    {
      name: 'own-code-values',
      path: links.values,
      by: 'nobody',
      then: async (page) => {
        await press('Show the values to type')(page)
        await page.waitForSelector('[data-copy]')
      },
    },
  ]
  return [...LISTS, ...PHONES, ...PEOPLE, ...SETTINGS, ...ADMINISTRATION, ...OUTSIDE, ...found, ...SECOND_SITE]
}
