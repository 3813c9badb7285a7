import { generationOf } from '../catalog/catalog.js'
import type { Binding } from '../domain/entities.js'
import type { RegisterStep } from '../registrar/history.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { Timeline, TimelineStep } from './timeline-schema.js'
import { isoTime } from './api/views.js'
import { diagnose, type Diagnosis } from './diagnosis.js'
import type { AdminParts, NumberedEvent } from './parts.js'

/** What a timeline is made of; the command line has no more than what is stored. */
export type TimelineParts = Pick<
  AdminParts,
  'catalog' | 'bindings' | 'registrations' | 'lastSeen' | 'events' | 'resync' | 'clock'
> & { snapshot: Pick<Snapshot, 'extension'> }

const GIVEN: ReadonlySet<string> = new Set(['served', 'not-modified', 'partial', 'last-good'])
/** A registration this long after a file was given is not told as its result. */
const BECAUSE_MS = 600_000

/**
 * What a phone asked, was given, registered and was told, newest first, and what keeps it from working.
 * @param options.registrations false for whoever may not see them
 */
export async function timelineOf(
  parts: TimelineParts,
  device: DeviceRecord,
  options: { limit: number; registrations: boolean },
): Promise<Timeline> {
  const asked = await parts.events({ mac: device.mac, limit: options.limit })
  const told = await toldSteps(parts, device, options.limit)
  const steps = [
    ...asked.map(askedStep),
    ...(options.registrations ? registerSteps(parts, device, asked) : []),
    ...told,
  ].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
  const diagnoses = diagnosesOf(parts, device, asked).map(({ code, values, at }) => ({
    ...{ code, values: { ...values }, at: isoTime(at) },
  }))
  return { diagnoses, steps: steps.slice(0, options.limit) }
}

/** Bindings that a phone's own lines have now. */
function bindingsOf(parts: TimelineParts, device: DeviceRecord): Binding[] {
  const lines = new Set(device.lines.map(({ id }) => id))
  return parts.bindings().filter(({ lineId }) => lineId !== undefined && lines.has(lineId))
}

function diagnosesOf(parts: TimelineParts, device: DeviceRecord, asked: readonly NumberedEvent[]): Diagnosis[] {
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
    registrations: bindingsOf(parts, device),
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

function registerSteps(parts: TimelineParts, device: DeviceRecord, asked: readonly NumberedEvent[]): TimelineStep[] {
  const numberOf = (lineId: string | undefined): string | undefined =>
    parts.snapshot.extension(device.lines.find(({ id }) => id === lineId)?.extensionId ?? '')?.number
  const history = parts.registrations.history(device.id)
  const isTold = ({ lineId, registeredAt }: Binding): boolean =>
    history.some((one) => one.kind === 'registered' && one.lineId === lineId && Math.abs(one.at - registeredAt) < 2_000)
  // What happened before the start is known by the bindings that are left.
  const before = bindingsOf(parts, device)
    .filter((binding) => !isTold(binding))
    .map(({ registeredAt, received, transport, lineId, userAgent }): RegisterStep => ({
      ...{ at: registeredAt, kind: 'registered', received, transport },
      ...(lineId === undefined ? {} : { lineId }),
      ...(userAgent === undefined ? {} : { userAgent }),
    }))
  return [...history, ...before].map((one) => {
    const { at, kind, received, transport, lineId, userAgent, reason, times, status, targets } = one
    const given = asked.find((event) => GIVEN.has(event.outcome) && event.at <= at)
    const afterMs = kind === 'registered' && given && at - given.at < BECAUSE_MS ? at - given.at : undefined
    return {
      ...{ at: isoTime(at), kind, peer: received, transport, number: numberOf(lineId), userAgent, reason, times },
      afterMs,
      ...(status === undefined ? {} : { status }),
      ...(targets ? { targets: [...targets] } : {}),
    }
  })
}

async function toldSteps(parts: TimelineParts, device: DeviceRecord, limit: number): Promise<TimelineStep[]> {
  return (await parts.resync.ofPhone(device.mac, limit)).map(
    ({ requestedAt, finishedAt, kind, requestedBy, outcome, status, reason, sentTo }) => ({
      ...{ at: isoTime(finishedAt ?? requestedAt), kind: 'told' as const, what: kind, by: requestedBy },
      ...{ outcome, status, reason, peer: sentTo },
    }),
  )
}
