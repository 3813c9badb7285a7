import { hash } from 'node:crypto'

/** SHA-256 in lower-case hex (64 characters). */
export function sha256Hex(input: string | Uint8Array): string {
  return hash('sha256', input, 'hex')
}
