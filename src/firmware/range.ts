/** Which part of a file a Range header asks for. `end` is the last byte, as in Content-Range. */
export type RangeDecision = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' }

const WHOLE: RangeDecision = { kind: 'whole' }

/**
 * Reads a Range header for a file of `sizeBytes` (RFC 9110 §14.1.2, §14.2): `bytes=0-99`, `bytes=100-`, `bytes=-100`.
 * What is malformed, of another unit, or asks for several ranges is ignored, as the RFC allows: the whole file.
 */
export function decideRange(header: string | undefined, sizeBytes: number): RangeDecision {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || first + last === '') return WHOLE
  if (first === '') return decideSuffix(Number(last), sizeBytes)
  const start = Number(first)
  const end = last === '' ? Infinity : Number(last)
  if (end < start) return WHOLE
  return start < sizeBytes ? { kind: 'part', start, end: Math.min(end, sizeBytes - 1) } : { kind: 'unsatisfiable' }
}

/** The last `length` bytes. An empty file has no part that Content-Range could name, so it is sent whole. */
function decideSuffix(length: number, sizeBytes: number): RangeDecision {
  if (length === 0) return { kind: 'unsatisfiable' }
  return sizeBytes === 0 ? WHOLE : { kind: 'part', start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 }
}
