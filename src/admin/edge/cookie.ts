import type { SignedIn } from '../../accounts/sign-in.js'
import type { Millis } from '../../domain/clock.js'

/** By HTTPS the name itself keeps other hosts and paths from setting it (RFC 6265bis §4.1.3.2). */
const nameOf = (secure: boolean): string => (secure ? '__Host-phoneboot' : 'phoneboot')
const SESSION_ID = /^[0-9a-hjkmnp-tv-z]{32}$/

/** The session id in a Cookie header. */
export function sessionIdIn(cookies: string | undefined, secure: boolean): string | undefined {
  const wanted = `${nameOf(secure)}=`
  for (const part of (cookies ?? '').split(';')) {
    const pair = part.trim()
    const value = pair.startsWith(wanted) ? pair.slice(wanted.length) : ''
    if (SESSION_ID.test(value)) return value
  }
  return undefined
}

export function sessionCookie({ sessionId, session }: SignedIn, secure: boolean, now: Millis): string {
  return cookie(sessionId.reveal(), secure, Math.floor((session.expiresAt - now) / 1_000))
}

export function endedCookie(secure: boolean): string {
  return cookie('', secure, 0)
}

function cookie(value: string, secure: boolean, maxAgeSeconds: number): string {
  const parts = [`${nameOf(secure)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAgeSeconds}`]
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ')
}
