import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { newId, type Random } from '../domain/random.js'
import { Secret } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { NO_POLICY, requireNumberInRange, requirePasswordByPolicy, type ExtensionPolicy } from './policy.js'
import { generatePassword, requireEmail, requireName, requirePassword } from './rules.js'
import { personUserName, requireUserName } from './user-names.js'

export interface ExtensionInput {
  number: string
  name: string
  email?: string | undefined
  /** Made when absent. */
  password?: string | undefined
  /** SIP user name of its own account; made when absent, as the site wants it. */
  authUser?: string | undefined
}

/** A new extension with its password sealed; for `add` and for imports. Checks every field. */
export function draftExtension(
  { secrets, clock, random, siteId }: { secrets: SecretBox; clock: Clock; random: Random; siteId: Id },
  input: ExtensionInput,
  policy: ExtensionPolicy = NO_POLICY,
): { extension: ExtensionRecord; password: Secret } {
  const id = newId(random, clock.now())
  const number = requireExtensionNumber(input.number, 'number')
  const password = input.password === undefined ? generatePassword(random) : requirePassword(input.password)
  requireNumberInRange(number, policy)
  if (input.password !== undefined) requirePasswordByPolicy(password, policy)
  if (policy.emailRequired && !input.email) {
    throw new AppError('EMAIL_INVALID', 'email: the site asks for an address', { field: 'email' })
  }
  return {
    extension: {
      id,
      siteId,
      number,
      displayName: requireName(input.name),
      ...(input.email ? { email: requireEmail(input.email) } : {}),
      authUsername:
        input.authUser === undefined
          ? personUserName(number, policy.userNames, random)
          : requireUserName(input.authUser, 'authUser'),
      sealedPassword: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(id)),
      enabled: true,
      revision: 1,
      keys: [],
    },
    password: new Secret(password),
  }
}

/** What the audit log keeps and a list may show: everything but secrets. */
export function describeExtension(extension: ExtensionRecord): Record<string, unknown> {
  const { number, displayName, email, enabled, keys } = extension
  return {
    number,
    displayName,
    ...(email === undefined ? {} : { email }),
    enabled,
    keys: keys.map(({ position, kind, value, label, line, locked }) => ({
      position,
      kind,
      value,
      label,
      line,
      locked,
    })),
  }
}

export function emailInUse(email: string): AppError {
  return new AppError('EMAIL_IN_USE', `email: somebody else has ${email}`, { field: 'email' })
}

export function extensionExists(number: string): AppError {
  return new AppError('EXTENSION_EXISTS', `there is an extension ${number} already`, { field: 'number' })
}

export function userNameTaken(name: string): AppError {
  return new AppError('LINE_INVALID', `authUser: the user name ${name} is taken`, { field: 'authUser' })
}
