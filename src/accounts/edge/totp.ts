import { Secret as TotpSecret, TOTP } from 'otpauth'
import type { Totp } from '../sign-in.js'

const PERIOD_SECONDS = 30
const SECRET_BYTES = 20

/** Six digits every 30 s with SHA-1, which is what every authenticator app knows (RFC 6238). */
export const systemTotp: Totp = {
  newSecret: () => new TotpSecret({ size: SECRET_BYTES }).base32,
  uri: (secret, label) => new TOTP({ issuer: 'phoneboot', label, secret: TotpSecret.fromBase32(secret) }).toString(),
  stepOf: (secret, code, now) => {
    const token = code.replace(/\s/g, '')
    if (!/^\d{6}$/.test(token)) return undefined
    const totp = new TOTP({ secret: TotpSecret.fromBase32(secret), period: PERIOD_SECONDS })
    const delta = totp.validate({ token, timestamp: now, window: 1 })
    return delta === null ? undefined : Math.floor(now / 1_000 / PERIOD_SECONDS) + delta
  },
}
