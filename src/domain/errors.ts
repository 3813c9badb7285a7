/**
 * Every refusal a caller may handle, with what it means. `docs/errors.md` is generated from this list.
 * An error that is not an AppError is a bug: it is logged with its stack and shown as "internal error".
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 'A setting of the server itself (environment, phoneboot.yaml) is unknown or has a bad value.',
  PORT_IN_USE: 'A listener could not take its port because another program has it.',
  PORT_FORBIDDEN: 'A listener may not take a port below 1024 without the right to do so.',
  DATA_DIR_UNUSABLE: 'The data folder cannot be read or written.',
  KEY_FILE_UNUSABLE: 'The key file is missing, unreadable or damaged while sealed secrets need it.',
  SEALED_VALUE_UNREADABLE: 'A sealed value does not open: moved to another row, damaged, or sealed by a lost key.',
  DATABASE_UNUSABLE: 'The database cannot be opened, is damaged, or does not answer.',
  DATABASE_TOO_NEW: 'The database was written by a newer phoneboot.',
  PROGRAM_REPLACED: 'Another version was installed while the server runs; it must be started again.',
  SERVER_RUNNING: 'Another phoneboot server is running on the same files.',
  TEMPLATES_INVALID: 'device-templates or the override folder holds a mistake.',
  TEMPLATE_VALUE_MISSING: 'A template uses a value that does not exist.',
  TEMPLATE_VALUE_REFUSED: 'A value cannot be written into this kind of file.',
  TEMPLATE_SECRET_DENIED: 'A template that may not see secrets asked for one.',
  RENDER_NOT_READABLE: 'A rendered file did not parse back to the intended values and was not served.',
  MAC_INVALID: 'Not a MAC address: 12 hexadecimal digits in any of the usual spellings are wanted.',
  NUMBER_INVALID: 'Not an extension number: 1 to 20 digits, * or # are wanted.',
  NAME_INVALID: 'A name has a control character or is too long.',
  EMAIL_INVALID: 'Not an e-mail address.',
  EMAIL_IN_USE: 'Somebody else of the site has this e-mail address already.',
  PASSWORD_INVALID: 'A password has a character that phones cannot take, or is too long.',
  MODEL_UNKNOWN: 'No such phone model in device-templates or the override folder.',
  MODEL_NOT_FOUND: 'The address names no phone model that is known.',
  SETTING_UNKNOWN: 'No such setting in the vocabulary.',
  SETTING_VALUE_INVALID: 'The value does not fit the type of the setting.',
  SETTING_LAYER_FORBIDDEN: 'This setting may not be set at this layer.',
  EFFECT_NOT_FOUND: 'A preview of a change was never asked for, or is forgotten.',
  SCHEDULE_NOT_FOUND: 'There is no such planned change.',
  SCHEDULE_INVALID: 'A change cannot be planned for this time, or is over already.',
  EXTENSION_EXISTS: 'There is an extension with this number already.',
  EXTENSION_NOT_FOUND: 'No extension has this number.',
  EXTENSION_IN_USE: 'The extension is still on a phone line or a key.',
  DEVICE_EXISTS: 'A phone with this MAC address exists already.',
  DEVICE_NOT_FOUND: 'No phone has this MAC address.',
  GROUP_EXISTS: 'There is a group of this name already.',
  GROUP_NOT_FOUND: 'No group has this name.',
  GROUP_IN_USE: 'The group still has phones.',
  LINE_INVALID: 'The phone has no such line, or the line is taken.',
  KEY_INVALID: 'The phone has no such key, or the key cannot do this.',
  KEY_REPEATED: 'Two keys of one owner would do the same; a phone would lose one of them.',
  SOFTPHONE_INVALID: 'No code for a softphone can be made as asked; the reason is named.',
  SOFTPHONE_NOT_FOUND: 'No such softphone; it may be revoked.',
  MAIL_NOT_FOUND: 'No such mail.',
  SITE_NOT_FOUND: 'No such site.',
  REVISION_CONFLICT: 'Somebody else changed this meanwhile.',
  TOO_MANY_LISTENERS: 'As many programs listen to events as the server takes.',
  WEBHOOK_INVALID: 'A webhook has an address or a type that cannot be.',
  WEBHOOK_NOT_FOUND: 'No such webhook.',
  DELIVERY_NOT_FOUND: 'No such delivery of a webhook.',
  BINDING_NOT_FOUND: 'There is no such registration, or not any more.',
  BAN_NOT_FOUND: 'No ban in force covers this address.',
  CSV_INVALID: 'The file cannot be imported; every mistake is listed with row and column.',
  PROFILE_NOT_FOUND: 'There is no import profile of this name.',
  IMPORT_NOT_FOUND: 'No such import, or its file is not open any more.',
  IMPORT_STATE: 'The import is not at a point where this can be done.',
  IMPORT_CHANGED: 'Data, file or options are not those of the preview any more; there is a new one to look at.',
  IMPORT_CANCELLED: 'The import was cancelled; nothing was changed.',
  IMPORT_NOT_UNDONE: 'Something was changed since the import, so that undoing it would lose that; each is named.',
  FILE_NOT_FOUND: 'No such file.',
  MOVE_IN_EMPTY: 'No phone was found in the files of another server.',
  SIGN_IN_FAILED: 'Name, password or code is wrong, or the account is disabled.',
  SIGN_IN_CODE_NEEDED: 'The password is right; the code of the authenticator app is needed as well.',
  SIGNED_OUT: 'The request carries no valid session or token.',
  TOO_MANY_ATTEMPTS: 'Too many wrong passwords; wait as long as told.',
  FORBIDDEN: 'The signed-in account has no right to this.',
  ORIGIN_REFUSED: 'A change came without the token of the session, or from a page of another origin.',
  LINK_INVALID: 'The link was used already, has expired, or never existed.',
  TOTP_INVALID: 'There is no authenticator app to confirm, or the code is wrong.',
  ADMIN_EXISTS: 'There is an admin with this name or e-mail address already.',
  ADMIN_NOT_FOUND: 'No such admin.',
  LAST_OWNER: 'Nobody would be left who may do everything.',
  ROLE_EXISTS: 'There is a role of this name already.',
  ROLE_NOT_FOUND: 'No such role.',
  ROLE_IN_USE: 'Somebody still has this role.',
  TOKEN_NOT_FOUND: 'No such API token.',
  SITE_EXISTS: 'There is a site with this short name or SIP domain already.',
  REQUEST_INVALID: 'The request does not fit the description of the API; each mistake is named.',
  REVISION_NEEDED: 'A change must name the revision it starts from (If-Match).',
  IDEMPOTENCY_KEY_REUSED: 'The idempotency key was used for another request, or that request still runs.',
  FEATURE_HIDDEN: 'The site does without this (setting `hiddenFeatures`).',
  ROUTE_NOT_FOUND: 'The API has no such address, or not with this method.',
  BODY_TOO_LARGE: 'The body of the request is larger than this address takes.',
  BODY_TYPE_REFUSED: 'The body of the request is of a media type that is not taken here.',
  USAGE: 'The command line is wrong.',
  SERVER_UNREACHABLE: 'The server did not answer.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** What an error names so that the reader can mend it. Never a secret. */
export interface ErrorDetails {
  field?: string
  /** What the reader should do. */
  hint?: string
  /** When another attempt makes sense. */
  retryAfterSeconds?: number
  problems?: readonly Problem[]
}

/** One mistake of many, with where it is. */
export interface Problem {
  /** Row of a CSV (header = 1), or line of a manifest. */
  row?: number
  column?: string
  file?: string
  code: ErrorCode
  message: string
  severity?: 'error' | 'warning'
}

/** An error that callers may handle. `message` is for people: it names field and reason. */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options)
    this.name = 'AppError'
  }
}

/**
 * The code of an error of Node or of a driver (`ENOENT`, `EADDRINUSE`, `SQLITE_BUSY`, `23505`), or undefined. Looks at
 * the shape and not at the class, which differs between realms.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
