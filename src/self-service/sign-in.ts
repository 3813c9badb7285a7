import { requireAdminPassword } from '../accounts/account.js'
import { beginAttempt, type Attempts } from '../accounts/attempts.js'
import type { PasswordHasher } from '../accounts/use-cases.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Secret } from '../domain/secret.js'
import { personLayers } from '../snapshot/person-layers.js'
import type { ExtensionRecord, ListedSnapshot } from '../snapshot/snapshot.js'
import type { OwnAccess } from './access.js'
import { mayHaveOwnPage } from './may-have-page.js'

type Layers = Pick<ListedSnapshot, 'layer'>

/** Names that a person signs in by: the e-mail address, and the name in the setting `clientLoginName`. */
function loginNamesOf(snapshot: Layers, { id, email }: ExtensionRecord): string[] {
  const name = snapshot.layer('extension', id).values.get('clientLoginName')
  return [email, name].flatMap((one) => (typeof one === 'string' && one.trim() !== '' ? [normal(one)] : []))
}

function normal(login: string): string {
  return login.normalize('NFC').trim().toLowerCase()
}

export interface OwnSignInParts {
  access: Pick<OwnAccess, 'begin' | 'endOthers' | 'password' | 'setPassword'>
  hasher: PasswordHasher
  attempts: Attempts
  snapshot: Pick<ListedSnapshot, 'layer' | 'allExtensions'>
}

/** Signing in to the own page by a password, which its owner set there after a one-time link. */
export interface OwnSignIn {
  /** Begins a session. Throws SIGN_IN_FAILED, TOO_MANY_ATTEMPTS. */
  signIn(login: string, password: string, peer: string): Promise<Secret>
  /** All sessions but the one it was set in end. Throws PASSWORD_INVALID, REQUEST_INVALID without a name to sign in by. */
  setPassword(extension: ExtensionRecord, password: string, sessionId: string): Promise<void>
  /** The name to sign in by; undefined: nobody could. */
  loginOf(extension: ExtensionRecord): string | undefined
}

export function createOwnSignIn(parts: OwnSignInParts): OwnSignIn {
  const { access, hasher, attempts, snapshot } = parts
  let decoy: Promise<string> | undefined
  const loginOf = (extension: ExtensionRecord): string | undefined => loginNamesOf(snapshot, extension)[0]
  return {
    loginOf,
    signIn: async (given, password, peer) => {
      const login = normal(given).slice(0, 254)
      const who = { login: `me ${login}`, peer }
      await beginAttempt(attempts, who)
      const owner = ownerOf(snapshot, login)
      const hash = owner === undefined ? undefined : await access.password(owner)
      // An unknown name takes as long as a wrong password.
      const right = await hasher.verify(password.slice(0, 200), hash ?? (await (decoy ??= hasher.hash('nobody'))))
      if (owner === undefined || hash === undefined || !right) {
        throw new AppError('SIGN_IN_FAILED', 'name or password is wrong', { field: 'password' })
      }
      await attempts.succeeded(who)
      return access.begin(owner)
    },
    setPassword: async (extension, password, sessionId) => {
      const login = loginOf(extension)
      if (login === undefined) throw new AppError('REQUEST_INVALID', 'there is no e-mail address to sign in by')
      requireAdminPassword(password, login)
      await access.setPassword(extension, await hasher.hash(password))
      await access.endOthers(extension.id, sessionId)
    },
  }
}

/** The one person of this name; of nobody when several have it: nobody can tell whom it means. */
function ownerOf(snapshot: OwnSignInParts['snapshot'], login: string): Id | undefined {
  const found: Id[] = []
  if (login === '') return undefined
  for (const extension of snapshot.allExtensions()) {
    if (
      loginNamesOf(snapshot, extension).includes(login) &&
      mayHaveOwnPage(personLayers(snapshot, extension, extension.id), extension)
    ) {
      found.push(extension.id)
    }
  }
  return found.length === 1 ? found[0] : undefined
}
