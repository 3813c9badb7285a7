import type { z } from 'zod'
import type { device, extension, group } from '../../admin/api/phone-schemas.js'

/** A phone, as the API gives it. */
export type Device = z.input<typeof device>

/** A group of phones, as the API gives it. */
export type Group = z.input<typeof group>

/** A person, as the API gives it. */
export type Person = z.input<typeof extension>
