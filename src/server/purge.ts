import { steadyClock, systemClock } from '../domain/edge/system-clock.js'
import { PatientTime } from '../domain/patient-time.js'
import type { Installation } from '../installation.js'

const HOUR_MS = 3_600_000

/** Records of phones that were removed 30 days ago are deleted, unless the date may be wrong. */
export function purgeHourly({ devices, log }: Installation): () => void {
  let cancel = (): void => undefined
  const time = new PatientTime(systemClock, steadyClock)
  const purge = async (): Promise<void> => {
    try {
      const purged = time.isBelieved() ? await devices.purgeRetired('server') : 0
      if (purged > 0) log.info({ phones: purged }, 'records of phones removed long ago are deleted')
    } catch (error) {
      log.warn({ err: error }, 'records of removed phones could not be deleted; tried again in an hour')
    }
    cancel = systemClock.after(HOUR_MS, () => void purge())
  }
  cancel = systemClock.after(0, () => void purge())
  return () => cancel()
}
