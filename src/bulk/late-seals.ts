import { Secret, type Sealed } from '../domain/secret.js'
import type { Line } from '../domain/entities.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import type { SettingsChange } from './settings-change.js'

/** What stands for a secret that is not sealed yet; envelopes begin with `v1.`. */
const PROMISE = 'promised:'

/**
 * The box of a plan: it seals nothing yet, but remembers what is to be sealed. So a preview of 10,000 people costs no
 * encryption, and what was shown is what is written: each record is sealed as it goes into the database.
 */
export class LateSeals implements SecretBox {
  readonly #texts: string[] = []

  constructor(
    private readonly box: SecretBox,
    private readonly isSecret: (setting: string) => boolean,
  ) {}

  seal(text: string): Sealed {
    this.#texts.push(text)
    return `${PROMISE}${this.#texts.length - 1}` as Sealed
  }

  open(sealed: Sealed, context: string): Secret {
    const text = this.#promised(sealed)
    return text === undefined ? this.box.open(sealed, context) : new Secret(text)
  }

  /** The record as it is to be stored; what was sealed before stays as it is. */
  extension(record: ExtensionRecord): ExtensionRecord {
    const { id, sealedPassword } = record
    return { ...record, sealedPassword: this.#sealed(sealedPassword, SEAL_CONTEXTS.extensionPassword(id)) }
  }

  /** As `extension`, of a phone without its lines. */
  device(record: DeviceRecord): DeviceRecord {
    const { id, sealedToken, sealedAdminPassword } = record
    return {
      ...record,
      sealedToken: this.#sealed(sealedToken, SEAL_CONTEXTS.deviceToken(id)),
      sealedAdminPassword: this.#sealed(sealedAdminPassword, SEAL_CONTEXTS.deviceAdminPassword(id)),
    }
  }

  line(line: Line): Line {
    return { ...line, sealedPassword: this.#sealed(line.sealedPassword, SEAL_CONTEXTS.linePassword(line.id)) }
  }

  /** As `extension`, of settings. */
  settings<Change extends Pick<SettingsChange, 'layer' | 'owner' | 'set'>>(change: Change): Change {
    const { layer, owner, set } = change
    if (![...set.keys()].some(this.isSecret)) return change
    const sealed = [...set].map(([key, value]): [string, unknown] => {
      if (!this.isSecret(key) || typeof value !== 'string' || value === '') return [key, value]
      return [key, this.#sealed(value as Sealed, SEAL_CONTEXTS.settingValue(layer, owner, key))]
    })
    return { ...change, set: new Map(sealed) }
  }

  #sealed(given: Sealed, context: string): Sealed {
    const text = this.#promised(given)
    return text === undefined ? given : this.box.seal(text, context)
  }

  #promised(sealed: Sealed): string | undefined {
    return sealed.startsWith(PROMISE) ? this.#texts[Number(sealed.slice(PROMISE.length))] : undefined
  }
}
