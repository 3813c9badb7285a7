import { steadyClock, systemClock } from '../domain/edge/system-clock.js'
import { PatientTime } from '../domain/patient-time.js'
import type { PhoneHttp } from '../provisioning/edge/http.js'
import { createOwnSignIn, type OwnSignIn } from '../self-service/sign-in.js'
import { createSoftphoneHttp } from '../softphones/edge/http.js'
import { createOwnHttp } from '../web/edge/own-http.js'
import type { OwnPages } from '../web/edge/own-pages.js'
import type { Base } from './base.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Days that used codes are kept for people to look at, and that an account waits which nobody fetched. */
const KEPT_MS = 30 * DAY_MS

/** Set-ups of softphones in front of the phones' files; the phones' own handler alone when they are switched off. */
export function withSoftphones(base: Base, otherwise: PhoneHttp): PhoneHttp {
  const { installation, trust, feed, limits, undo } = base
  const { config, log, secrets, allSoftphones } = installation
  if (config.softphones === 'off') return otherwise
  undo.add(pruneHourly(installation))
  let loading: Promise<OwnPages> | undefined
  // Templates are read when the first person comes: no phone needs them.
  const pages = (): Promise<OwnPages> =>
    (loading ??= import('../web/edge/own-pages.js').then((module) => new module.OwnPages()))
  const next = config.selfService === 'off' ? otherwise : ownPages(base, pages, otherwise)
  return createSoftphoneHttp({
    serves: config.softphones,
    snapshot: feed.snapshot,
    store: allSoftphones.store,
    apps: allSoftphones.apps,
    secrets,
    place: (siteId) => allSoftphones.place(feed.snapshot.site(siteId)),
    isTrusted: (address) => trust().trusted.contains(address),
    trustedProxies: trust().proxies,
    guard: limits.http,
    page: async (page) => (await pages()).code(page),
    asset: async (path, accepted) => (await pages()).asset(path, accepted),
    otherwise: next,
    clock: systemClock,
    log,
  })
}

/** The pages of people by themselves, in front of the phones' files. */
function ownPages(
  { installation, trust, feed, limits }: Base,
  pages: () => Promise<OwnPages>,
  otherwise: PhoneHttp,
): PhoneHttp {
  const { ownAccess: access, hasher, config } = installation
  let loading: Promise<OwnSignIn> | undefined
  const open = async (): Promise<OwnSignIn> => {
    const { createAttempts } = await import('../accounts/edge/attempts.js')
    return createOwnSignIn({ access, hasher, attempts: createAttempts(), snapshot: feed.snapshot })
  }
  return createOwnHttp({
    access,
    signIn: config.selfServiceSignIn === 'password' ? () => (loading ??= open()) : undefined,
    snapshot: feed.snapshot,
    forSite: (siteId) => installation.forSite(siteId),
    refresh: () => feed.refresh(),
    mayChange: config.selfService === 'keys',
    modelName: (id) => installation.catalog.model(id)?.name ?? id,
    pages,
    trustedProxies: trust().proxies,
    guard: limits.http,
    otherwise,
    clock: systemClock,
    log: installation.log,
  })
}

function pruneHourly({ allSoftphones: { store }, log }: Base['installation']): () => void {
  let cancel = (): void => undefined
  const time = new PatientTime(systemClock, steadyClock)
  const prune = async (): Promise<void> => {
    const now = systemClock.now()
    try {
      const gone = time.isBelieved() ? await store.prune(now - KEPT_MS, now) : 0
      if (gone > 0) log.info({ softphones: gone }, 'accounts of softphones that nobody fetched are deleted')
    } catch (error) {
      log.warn({ err: error }, 'codes of softphones that ended could not be deleted; tried again in an hour')
    }
    cancel = systemClock.after(HOUR_MS, () => void prune())
  }
  cancel = systemClock.after(HOUR_MS, () => void prune())
  return () => cancel()
}
