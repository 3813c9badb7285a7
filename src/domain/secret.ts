import { inspect } from 'node:util'

/**
 * A secret in the clear, guarded against slips: JSON, template strings, console and logger show "[secret]".
 * Only `reveal()` gives the text; dependency rules name the few files that may call it.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** A secret at rest: `v1.<keyId>.<nonce>.<ciphertext+tag>`, AES-256-GCM, bound to its row by associated data. */
export type Sealed = string & { readonly __brand: 'Sealed' }
