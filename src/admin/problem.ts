import { AppError, type ErrorCode, type Problem } from '../domain/errors.js'

/** HTTP status of each refusal. Codes that no request can meet are 500. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  SIGN_IN_FAILED: 401,
  SIGN_IN_CODE_NEEDED: 401,
  SIGNED_OUT: 401,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  LINK_INVALID: 410,
  ADMIN_NOT_FOUND: 404,
  ROLE_NOT_FOUND: 404,
  TOKEN_NOT_FOUND: 404,
  EXTENSION_NOT_FOUND: 404,
  DEVICE_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  GROUP_NOT_FOUND: 404,
  SOFTPHONE_NOT_FOUND: 404,
  MAIL_NOT_FOUND: 404,
  SITE_NOT_FOUND: 404,
  FILE_NOT_FOUND: 404,
  FEATURE_HIDDEN: 404,
  ROUTE_NOT_FOUND: 404,
  BAN_NOT_FOUND: 404,
  BINDING_NOT_FOUND: 404,
  TOO_MANY_LISTENERS: 503,
  WEBHOOK_NOT_FOUND: 404,
  DELIVERY_NOT_FOUND: 404,
  WEBHOOK_INVALID: 422,
  SOFTPHONE_INVALID: 422,
  IMPORT_NOT_FOUND: 404,
  PROFILE_NOT_FOUND: 404,
  EFFECT_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  ADMIN_EXISTS: 409,
  ROLE_EXISTS: 409,
  ROLE_IN_USE: 409,
  LAST_OWNER: 409,
  SITE_EXISTS: 409,
  EXTENSION_EXISTS: 409,
  EXTENSION_IN_USE: 409,
  DEVICE_EXISTS: 409,
  GROUP_EXISTS: 409,
  GROUP_IN_USE: 409,
  REVISION_CONFLICT: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  IMPORT_STATE: 409,
  IMPORT_CHANGED: 409,
  IMPORT_CANCELLED: 409,
  IMPORT_NOT_UNDONE: 409,
  BODY_TOO_LARGE: 413,
  BODY_TYPE_REFUSED: 415,
  REVISION_NEEDED: 428,
  TOO_MANY_ATTEMPTS: 429,
  DATABASE_UNUSABLE: 503,
  PROGRAM_REPLACED: 503,
  REQUEST_INVALID: 400,
  MAC_INVALID: 422,
  NUMBER_INVALID: 422,
  NAME_INVALID: 422,
  EMAIL_INVALID: 422,
  EMAIL_IN_USE: 409,
  PASSWORD_INVALID: 422,
  TOTP_INVALID: 422,
  MODEL_UNKNOWN: 422,
  SETTING_UNKNOWN: 422,
  SETTING_VALUE_INVALID: 422,
  SETTING_LAYER_FORBIDDEN: 422,
  LINE_INVALID: 422,
  KEY_INVALID: 422,
  KEY_REPEATED: 422,
  SCHEDULE_INVALID: 422,
  CSV_INVALID: 422,
  MOVE_IN_EMPTY: 422,
  TEMPLATE_VALUE_MISSING: 422,
  TEMPLATE_VALUE_REFUSED: 422,
  RENDER_NOT_READABLE: 422,
}

/** A refusal as RFC 9457 has it, with the code, field and mistakes of phoneboot's own errors. */
export interface ProblemDetails {
  /** `about:blank`: the code says it all (docs/errors.md). */
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode | 'INTERNAL'
  /** Stands in the server's log too. */
  requestId: string
  field?: string
  hint?: string
  problems?: readonly Problem[]
}

/**
 * Turns anything thrown into a problem; whatever is no AppError is a bug, about which nothing is told. With
 * `conditional` the client named a revision, and a conflict is a failed precondition (RFC 9110 §13.1.1).
 */
export function toProblem(error: unknown, requestId: string, conditional = false): ProblemDetails {
  if (!(error instanceof AppError) || STATUS[error.code] === undefined) {
    return { ...base('internal error', 500, requestId), code: 'INTERNAL' }
  }
  const { code, message, details } = error
  const status = code === 'REVISION_CONFLICT' && conditional ? 412 : (STATUS[code] ?? 500)
  const { field, hint, problems } = details
  return {
    ...base(message, status, requestId),
    code,
    ...(field === undefined ? {} : { field }),
    ...(hint === undefined ? {} : { hint }),
    ...(problems === undefined ? {} : { problems }),
  }
}

function base(detail: string, status: number, requestId: string): Omit<ProblemDetails, 'code'> {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, requestId }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
