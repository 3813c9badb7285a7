/** Who is not answered, and who is told what clients do wrong. Addresses are normalised. */
export interface HttpGuard {
  /** Asked for each connection and each request: must be cheap. */
  refuses(address: string): boolean
  /** Is this a reverse proxy of ours? What comes from it is judged by the address it forwards for. */
  isProxy(address: string): boolean
  hostile(
    address: string,
    what: 'malformed' | 'slow' | 'bad-method' | 'hostile-path' | 'guessed-token',
    evidence: string,
  ): void
}
