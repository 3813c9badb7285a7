import { issueCa, issueLeaf, type KeyPair } from '../../src/certificates/edge/issue.js'
import { caValidity, leafValidity } from '../../src/certificates/names.js'

const NAMES = { dns: ['localhost'], addresses: ['127.0.0.1'] }

/** A certificate store that changes when it is told to. */
export class TestCertificates {
  readonly #listeners = new Set<() => void>()

  private constructor(
    private pair: KeyPair,
    /** What clients must trust, PEM. */
    public ca: string,
  ) {}

  static async make(): Promise<TestCertificates> {
    const { pair, ca } = await newPair()
    return new TestCertificates(pair, ca)
  }

  current(): KeyPair {
    return this.pair
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Another certificate of another CA. */
  async renew(): Promise<void> {
    const { pair, ca } = await newPair()
    this.pair = pair
    this.ca = ca
    for (const listener of this.#listeners) listener()
  }
}

async function newPair(): Promise<{ pair: KeyPair; ca: string }> {
  const now = Date.now()
  const ca = await issueCa(caValidity(now), 'test')
  return { pair: await issueLeaf(NAMES, leafValidity(now, caValidity(now)), ca), ca: ca.cert }
}
