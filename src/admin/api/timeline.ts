import { z } from 'zod'
import { may } from '../../accounts/permissions.js'
import { generationOf } from '../../catalog/catalog.js'
import { OUTCOMES, type Binding } from '../../domain/entities.js'
import type { RegisterStep } from '../../registrar/history.js'
import { RESYNC_KINDS, RESYNC_OUTCOMES } from '../../resync/resync.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import { diagnose, DIAGNOSES, type Diagnosis } from '../diagnosis.js'
import type { NumberedEvent } from '../parts.js'
import { route, type Call } from '../route.js'
import { mac } from './schemas.js'
import { isoTime } from './views.js'

const KINDS = ['asked', 'registered', 'unregistered', 'expired', 'replaced', 'revoked', 'refused', 'told'] as const
const GIVEN: ReadonlySet<string> = new Set(['served', 'not-modified', 'partial', 'last-good'])
/** A registration this long after a file was given is not told as its result. */
const BECAUSE_MS = 600_000

const step = z
  .object({
    at: z.string(),
    kind: z.enum(KINDS).meta({ description: 'told: it was asked by SIP to look for a new config or to restart' }),
    outcome: z.enum([...OUTCOMES, ...RESYNC_OUTCOMES]).optional(),
    file: z.string().optional(),
    transport: z.string().optional(),
    peer: z.string().optional(),
    bytes: z.number().int().optional(),
    micros: z.number().int().optional(),
    sha256: z.string().optional(),
    times: z.number().int().optional(),
    reason: z.string().optional(),
    number: z.string().optional(),
    afterMs: z.number().int().optional().meta({ description: 'Since it was given its last file' }),
    userAgent: z.string().optional(),
    what: z.enum(RESYNC_KINDS).optional(),
    by: z.string().optional(),
    status: z.number().int().optional(),
  })
  .meta({ id: 'TimelineStep' })

const timelineSchema = z.object({
  diagnoses: z
    .array(
      z.object({
        code: z.enum(DIAGNOSES),
        values: z.record(z.string(), z.union([z.string(), z.number()])),
        at: z.string().optional(),
      }),
    )
    .meta({ description: 'Why it is not registered, the likeliest first, and what is worth knowing' }),
  steps: z.array(step),
})

export type TimelineStep = z.output<typeof step>
export type Timeline = z.output<typeof timelineSchema>

/** Bindings that a phone's own lines have now. */
function bindingsOf({ parts }: Pick<Call, 'parts'>, device: DeviceRecord): Binding[] {
  const lines = new Set(device.lines.map(({ id }) => id))
  return parts.bindings().filter(({ lineId }) => lineId !== undefined && lines.has(lineId))
}

function diagnosesOf(call: Call, device: DeviceRecord, asked: readonly NumberedEvent[]): Diagnosis[] {
  const { parts } = call
  const model = parts.catalog.model(device.model)
  const seen = parts.lastSeen(device.id)
  const ip = seen?.ip ?? device.lastSeenIp
  return diagnose({
    state: device.state,
    lines: device.lines.length,
    model: device.model,
    firmware: device.firmwareVersion,
    generation: model && generationOf(model, device.firmwareVersion),
    newestGeneration: model?.generations.max,
    lastSeenAt: seen?.at ?? device.lastSeenAt,
    asked,
    registrations: bindingsOf(call, device),
    history: parts.registrations.history(device.id),
    tlsFailure: ip === undefined ? undefined : parts.registrations.tlsFailure(ip),
    now: parts.clock.now(),
  })
}

function askedStep(event: NumberedEvent): TimelineStep {
  const { at, outcome, path, transport, peer, bytes, micros, sha256, times, reason, userAgent } = event
  const file =
    path
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) ?? ''
  return {
    at: isoTime(at),
    kind: 'asked',
    outcome,
    file,
    transport,
    peer,
    bytes,
    micros,
    sha256,
    times,
    reason,
    userAgent,
  }
}

function registerSteps(call: Call, device: DeviceRecord, asked: readonly NumberedEvent[]): TimelineStep[] {
  const { parts } = call
  const numberOf = (lineId: string | undefined): string | undefined =>
    parts.snapshot.extension(device.lines.find(({ id }) => id === lineId)?.extensionId ?? '')?.number
  const history = parts.registrations.history(device.id)
  const isTold = ({ lineId, registeredAt }: Binding): boolean =>
    history.some((one) => one.kind === 'registered' && one.lineId === lineId && Math.abs(one.at - registeredAt) < 2_000)
  // What happened before the start is known by the bindings that are left.
  const before = bindingsOf(call, device)
    .filter((binding) => !isTold(binding))
    .map(({ registeredAt, received, transport, lineId, userAgent }): RegisterStep => ({
      ...{ at: registeredAt, kind: 'registered', received, transport },
      ...(lineId === undefined ? {} : { lineId }),
      ...(userAgent === undefined ? {} : { userAgent }),
    }))
  return [...history, ...before].map((one) => {
    const { at, kind, received, transport, lineId, userAgent, reason, times } = one
    const given = asked.find((event) => GIVEN.has(event.outcome) && event.at <= at)
    const afterMs = kind === 'registered' && given && at - given.at < BECAUSE_MS ? at - given.at : undefined
    return {
      ...{ at: isoTime(at), kind, peer: received, transport, number: numberOf(lineId), userAgent, reason, times },
      afterMs,
    }
  })
}

async function toldSteps({ parts }: Call, device: DeviceRecord, limit: number): Promise<TimelineStep[]> {
  return (await parts.resync.ofPhone(device.mac, limit)).map(
    ({ requestedAt, finishedAt, kind, requestedBy, outcome, status, reason, sentTo }) => ({
      ...{ at: isoTime(finishedAt ?? requestedAt), kind: 'told' as const, what: kind, by: requestedBy },
      ...{ outcome, status, reason, peer: sentTo },
    }),
  )
}

export const timelineRoutes = [
  route({
    id: 'showTimeline',
    method: 'get',
    path: '/devices/{mac}/timeline',
    tag: 'State',
    summary: 'What a phone asked, was given, registered and was told, newest first, and what keeps it from working',
    access: 'events.read',
    params: { mac },
    query: { limit: z.coerce.number().int().min(1).max(200).default(40) },
    answer: timelineSchema,
    handle: async (call) => {
      const { parts, use, params, query, by, site } = call
      const device = await use.devices.show(params.mac)
      const asked = await parts.events({ mac: device.mac, limit: query.limit })
      const told = await toldSteps(call, device, query.limit)
      const seesRegistrations = may(by.rights, 'registrations.read', site.id)
      const steps = [
        ...asked.map(askedStep),
        ...(seesRegistrations ? registerSteps(call, device, asked) : []),
        ...told,
      ].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
      const diagnoses = diagnosesOf(call, device, asked).map(({ code, values, at }) => ({
        ...{ code, values, at: isoTime(at) },
      }))
      return { body: { diagnoses, steps: steps.slice(0, query.limit) } }
    },
  }),
]
