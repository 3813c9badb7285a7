const LF = 10
const CR = 13
const NUL = 0

/**
 * A text as netascii (RFC 764): LF becomes CR LF, CR becomes CR NUL. Each byte stands for itself, so a text may be
 * converted piece by piece.
 */
export function toNetascii(bytes: Uint8Array): Uint8Array {
  let extra = 0
  for (const byte of bytes) if (byte === LF || byte === CR) extra += 1
  if (extra === 0) return bytes
  const converted = new Uint8Array(bytes.length + extra)
  let at = 0
  for (const byte of bytes) {
    if (byte === LF) converted[at++] = CR
    converted[at++] = byte
    if (byte === CR) converted[at++] = NUL
  }
  return converted
}
