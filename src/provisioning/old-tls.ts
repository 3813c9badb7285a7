import type { PhoneModel } from '../catalog/manifest.js'
import type { SettingScalar } from '../settings/vocabulary.js'

type Values = Readonly<Record<string, SettingScalar>>

/**
 * What a phone is told whose TLS no server of today accepts: after an https URL it would never be heard of again, and by
 * TLS it would never register. So it is given http, and TCP.
 */
export function withoutOldTls(model: PhoneModel, values: Values): Values {
  if (model.capabilities?.https !== false) return values
  const fetches = values.provisioningScheme === 'https'
  const registers = values.transport === 'tls'
  if (!fetches && !registers) return values
  return { ...values, ...(fetches ? { provisioningScheme: 'http' } : {}), ...(registers ? { transport: 'tcp' } : {}) }
}
