import type { Millis } from '../domain/clock.js'
import { decideRange } from '../firmware/range.js'

/** The request's headers that decide how much of a document is sent. */
export interface Conditions {
  ifMatch?: string | undefined
  ifNoneMatch?: string | undefined
  ifModifiedSince?: string | undefined
  ifUnmodifiedSince?: string | undefined
  ifRange?: string | undefined
  range?: string | undefined
}

/** What is asked for, as it is now. */
export interface Validators {
  /** Strong, quoted. */
  etag: string
  lastModified: Millis
}

/** The status line; 206 with first and last byte. */
export type Decision = { status: 200 | 304 | 412 | 416 } | { status: 206; start: number; end: number }

/**
 * Applies the preconditions in the order of RFC 9110 §13.2.2. `rangesOf` is the size of a document that may be sent in
 * parts; undefined where it may not (HEAD, or a config, which no phone must ever put together from two states).
 */
export function decideConditions(
  asked: Conditions,
  document: Validators,
  now: Millis,
  rangesOf: number | undefined,
): Decision {
  if (fails(asked, document)) return { status: 412 }
  if (isUnchanged(asked, document, now)) return { status: 304 }
  if (rangesOf === undefined || asked.range === undefined || !rangeStillFits(asked.ifRange, document)) {
    return { status: 200 }
  }
  const range = decideRange(asked.range, rangesOf)
  if (range.kind === 'part') return { status: 206, start: range.start, end: range.end }
  return range.kind === 'unsatisfiable' ? { status: 416 } : { status: 200 }
}

/**
 * The time told in Last-Modified, whole seconds. A document may change again within the second of its last change (and
 * clocks may have been set back); then the second before is told, so that this date never vouches for later bytes.
 * RFC 9110 §8.8.2.1.
 */
export function announcedLastModified(lastModified: Millis, now: Millis): Millis {
  return Math.min(wholeSecond(lastModified), wholeSecond(now) - 1000)
}

function wholeSecond(millis: Millis): Millis {
  return Math.floor(millis / 1000) * 1000
}

function fails({ ifMatch, ifUnmodifiedSince }: Conditions, document: Validators): boolean {
  if (ifMatch !== undefined) return ifMatch.trim() !== '*' && !entityTags(ifMatch).includes(document.etag)
  const since = parseHttpDate(ifUnmodifiedSince)
  return since !== undefined && wholeSecond(document.lastModified) > since
}

function isUnchanged({ ifNoneMatch, ifModifiedSince }: Conditions, document: Validators, now: Millis): boolean {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === document.etag) return true
    const weakly = entityTags(ifNoneMatch).map((tag) => tag.replace(/^W\//, ''))
    return ifNoneMatch.trim() === '*' || weakly.includes(document.etag)
  }
  const since = parseHttpDate(ifModifiedSince)
  // A date in the future comes from a phone whose clock is wrong, not from us.
  return since !== undefined && since <= now && wholeSecond(document.lastModified) <= since
}

/** RFC 9110 §13.1.5: strong comparison; a date must be exactly the one of the last change. */
function rangeStillFits(ifRange: string | undefined, document: Validators): boolean {
  if (ifRange === undefined) return true
  const validator = ifRange.trim()
  if (validator.includes('"')) return validator === document.etag
  return parseHttpDate(validator) === wholeSecond(document.lastModified)
}

function entityTags(list: string): string[] {
  return list.match(/(?:W\/)?"[^"]*"/g) ?? []
}

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const RFC850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** All three forms of RFC 9110 §5.6.7; undefined for anything else, which is to be ignored. */
export function parseHttpDate(text: string | undefined): Millis | undefined {
  if (text === undefined) return undefined
  const date = text.trim()
  if (ASCTIME_DATE.test(date)) return validMillis(Date.parse(`${date} GMT`))
  return IMF_FIXDATE.test(date) || RFC850_DATE.test(date) ? validMillis(Date.parse(date)) : undefined
}

function validMillis(millis: number): Millis | undefined {
  return Number.isNaN(millis) ? undefined : millis
}
