import { z } from 'zod'
import { problemWithLine } from './line-text.js'

const line = (max: number): z.ZodString =>
  z.string().superRefine((text, context) => {
    const problem = text === '' ? 'is empty' : problemWithLine(text, max)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

/** What a switchboard can dial: `201`, `*97`, `+49 30 123-456`. */
const TELEPHONE = /^(?=.*[0-9*#])[+*#0-9A-Za-z][-0-9A-Za-z*#+()/. _]{0,39}$/

/** True for a telephone number as people write it, with blanks and brackets or without. */
export function isTelephone(text: string): boolean {
  return TELEPHONE.test(text) && !text.endsWith(' ')
}

const telephone = z.string().refine(isTelephone, 'is no telephone number')
/** `HH:MM`; 23:59 stands for the end of the day. */
const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30')
const calendarDay = z.string().refine(isCalendarDay, 'must be a day such as 2026-12-24')

/** As the settings name them, from Monday on. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

function isCalendarDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

/** 00:00 to 00:00 means closed the whole day, 00:00 to 23:59 open the whole day. */
const period = z
  .strictObject({ from: timeOfDay, to: timeOfDay })
  .refine(({ from, to }) => from < to || (from === '00:00' && to === '00:00'), 'ends before it begins')

const officeHours = z
  .partialRecord(z.enum(WEEKDAYS), z.array(period).max(8))
  .refine((days) => Object.keys(days).length > 0, 'names no day')

const holidays = z
  .array(
    z
      .strictObject({ name: line(80), from: calendarDay, to: calendarDay.optional() })
      .refine(({ from, to }) => to === undefined || from <= to, 'ends before it begins'),
  )
  .min(1)
  .max(200)

/** Where a call may be sent to, as switchboards tell destinations apart. */
const target = z.strictObject({
  kind: z.enum(['extension', 'mailbox', 'ring-group', 'queue', 'receptionist', 'meeting', 'service', 'external']),
  number: telephone,
})

/** States of a person that rules tell apart. */
export const STATUSES = ['available', 'away', 'do-not-disturb', 'lunch', 'business-trip', 'off-work'] as const

const forwardingRule = z
  .strictObject({
    /** State of the person that the rule is for; left out: any. */
    status: z.enum(STATUSES).optional(),
    condition: z.enum(['always', 'busy', 'no-answer', 'unavailable']).optional(),
    hours: z.enum(['open', 'closed', 'holiday']).optional(),
    days: z.array(z.enum(WEEKDAYS)).min(1).max(7).optional(),
    during: period.optional(),
    /** Callers that the rule is for: numbers, or the beginning of one with `*` behind it. */
    callers: z.array(telephone).min(1).max(100).optional(),
    action: z.enum(['ring', 'forward', 'voicemail', 'hang-up']),
    target: target.optional(),
    afterSeconds: z.int().min(1).max(600).optional(),
  })
  .refine(
    ({ action, target: to }) => (action === 'forward') === (to !== undefined),
    'forward, and only that, needs a target',
  )

/** Times at which the office is open, by day of the week. */
export type OfficeHours = z.infer<typeof officeHours>
/** Days on which it is closed, both ends included. */
export type Holidays = z.infer<typeof holidays>

export type ForwardingRule = z.infer<typeof forwardingRule>

const forwardingRules = z.array(forwardingRule).min(1).max(100)

/** Codes that a switchboard takes: `*26`; each once. */
const featureCodes = z
  .array(
    z.strictObject({
      code: z.string().regex(/^[*#][0-9*#]{1,11}$/, 'must begin with * or # and have digits behind it'),
      name: line(60),
      on: z.boolean().default(true),
    }),
  )
  .min(1)
  .max(100)
  .refine((codes) => new Set(codes.map(({ code }) => code)).size === codes.length, 'names a code twice')

/**
 * Values with a structure of their own, by the name that vocabulary.yaml gives: what switchboards know about a person. The
 * order of every list is kept.
 */
export const STRUCTURES = {
  featureCodes,
  forwardingRules,
  officeHours,
  holidays,
  followMe: z
    .array(z.strictObject({ number: telephone, seconds: z.int().min(1).max(600).optional() }))
    .min(1)
    .max(20),
  callerIdByTrunk: z
    .array(z.strictObject({ trunk: line(80), number: telephone }))
    .min(1)
    .max(100),
} as const

export type StructureName = keyof typeof STRUCTURES
/** A value of one of them. */
export type StructuredValue = z.infer<(typeof STRUCTURES)[StructureName]>
