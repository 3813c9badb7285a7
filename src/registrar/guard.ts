import type { Flow } from '../sip/flow.js'

/** Who limits strangers, as the registrar asks. Everything is answered at once, from memory. */
export interface RegistrarGuard {
  /** How to answer somebody who proved nothing: in full, without what can be left out, or not at all. Counts as one. */
  strangerAnswer(flow: Flow): 'full' | 'short' | 'silent'
  /** May this user's password be tried from there? */
  mayTry(username: string, flow: Flow): boolean
  /**
   * A wrong password or an unknown user, which nobody outside can tell apart.
   * @param guess the digest that was sent
   * @param proven the nonce was sent to this address, so it is not forged
   */
  wrongPassword(username: string, guess: string, proven: boolean, flow: Flow): void
  /** A message that is none, or a method that no phone uses here. */
  odd(kind: 'malformed' | 'bad-method', flow: Flow, evidence: string): void
}

/** Everybody is heard and answered. */
export const NO_GUARD: RegistrarGuard = {
  strangerAnswer: () => 'full',
  mayTry: () => true,
  wrongPassword: () => undefined,
  odd: () => undefined,
}
