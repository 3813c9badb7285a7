import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto'
import { AppError } from '../domain/errors.js'
import type { Random } from '../domain/random.js'
import { Secret, type Sealed } from '../domain/secret.js'

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Length of a sealing key: AES-256. */
export const KEY_BYTES = 32

/** A key with the name its envelopes carry: 1 to 32 of a-z, 0-9. */
export interface SealingKey {
  readonly id: string
  readonly key: Uint8Array
}

/** Keys of this installation: the first seals, all of them open. */
export interface KeyRing {
  readonly current: SealingKey
  byId(id: string): SealingKey | undefined
}

/** Seals secrets for the database and opens them again. */
export interface SecretBox {
  /** `context` is `table:column:rowId`: a value copied to another row does not open there. */
  seal(text: string, context: string): Sealed
  /** Throws SEALED_VALUE_UNREADABLE, which names the context and never the value. */
  open(sealed: Sealed, context: string): Secret
}

/** Throws KEY_FILE_UNUSABLE when there is no key, a key has a wrong length, or two have the same id. */
export function createKeyRing(keys: readonly SealingKey[]): KeyRing {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const current = keys[0]
  const sound = keys.every(({ id, key }) => /^[a-z0-9]{1,32}$/.test(id) && key.byteLength === KEY_BYTES)
  if (!current || !sound || byId.size !== keys.length) {
    throw new AppError('KEY_FILE_UNUSABLE', 'the sealing keys are damaged: an id or a length is wrong')
  }
  return { current, byId: (id) => byId.get(id) }
}

/**
 * Envelopes `v1.<keyId>.<nonce>.<ciphertext+tag>` (base64url), AES-256-GCM (NIST SP 800-38D) with a random 96-bit
 * nonce and the context as associated data.
 */
export function createSecretBox(keyRing: KeyRing, random: Random): SecretBox {
  const { id, key: bytes } = keyRing.current
  // Read once, not for each text.
  const key = createSecretKey(bytes)
  return {
    seal: (text, context) => {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return [VERSION, id, Buffer.from(nonce).toString('base64url'), sealed.toString('base64url')].join('.') as Sealed
    },
    open: (sealed, context) => new Secret(openEnvelope(keyRing, sealed, context)),
  }
}

const MARK_DIGITS = 16

/**
 * Marks that tell equal texts from others, to whoever has the key, and nothing else of them: `<keyId>.` and the beginning of
 * an HMAC-SHA-256 (RFC 2104). Marks by different keys tell nothing of each other.
 */
export function createMarker({ current }: KeyRing): (text: string) => string {
  return (text) => `${current.id}.${createHmac('sha256', current.key).update(text).digest('hex').slice(0, MARK_DIGITS)}`
}

/** Seals bytes that are kept beside the database, as SecretBox does texts in it. */
export interface ByteBox {
  /** `context` names what it is and all it depends on: the bytes open under no other. */
  seal(bytes: Uint8Array, context: string): Uint8Array
  /** Throws SEALED_VALUE_UNREADABLE. */
  open(sealed: Uint8Array, context: string): Uint8Array
}

/** Length and name of the key, nonce of 96 bits, ciphertext, tag: AES-256-GCM with the context as associated data. */
export function createByteBox(keyRing: KeyRing, random: Random): ByteBox {
  return {
    seal: (bytes, context) => {
      const { id, key } = keyRing.current
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const head = [Buffer.from([id.length]), Buffer.from(id, 'latin1'), nonce]
      return Buffer.concat([...head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed, context) => {
      const start = 1 + (sealed[0] ?? 0)
      const nonceEnd = start + NONCE_BYTES
      if (sealed.length < nonceEnd + TAG_BYTES) throw unreadable(context, 'it is cut short')
      const key = keyRing.byId(Buffer.from(sealed.subarray(1, start)).toString('latin1'))?.key
      if (!key) throw unreadable(context, 'its key is not in the key file')
      const tag = sealed.subarray(-TAG_BYTES)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(start, nonceEnd), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
        return Buffer.concat([decipher.update(sealed.subarray(nonceEnd, -TAG_BYTES)), decipher.final()])
      } catch {
        throw unreadable(context, 'it was changed or belongs to something else')
      }
    },
  }
}

function openEnvelope(keyRing: KeyRing, sealed: string, context: string): string {
  const [version, id, nonceText, body, ...rest] = sealed.split('.')
  const key = id === undefined ? undefined : keyRing.byId(id)?.key
  if (version !== VERSION || nonceText === undefined || body === undefined || rest.length > 0) {
    throw unreadable(context, 'it is not an envelope')
  }
  if (!key) throw unreadable(context, 'its key is not in the key file')
  const nonce = Buffer.from(nonceText, 'base64url')
  const bytes = Buffer.from(body, 'base64url')
  if (nonce.length !== NONCE_BYTES || bytes.length < TAG_BYTES) throw unreadable(context, 'it is cut short')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw unreadable(context, 'it was changed or belongs to another row')
  }
}

function unreadable(context: string, why: string): AppError {
  return new AppError('SEALED_VALUE_UNREADABLE', `sealed value ${context} does not open: ${why}`, {
    hint: 'Restore the key file that belongs to this database',
  })
}
