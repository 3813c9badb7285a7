/** The templates of pages; each is a file `templates/<name>.hbs`. */
export const VIEW_NAMES = [
  'assign',
  'confirm',
  'error',
  'password',
  'pending',
  'people-choices',
  'people',
  'person',
  'person-new',
  'person-password',
  'person-remove',
  'phone',
  'phone-file',
  'phone-new',
  'phones',
  'set-up',
  'sign-in',
] as const
export type ViewName = (typeof VIEW_NAMES)[number]
