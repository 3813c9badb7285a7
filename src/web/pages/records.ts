import type { z } from 'zod'
import type { device, event, extension, group } from '../../admin/api/schemas.js'
import type { Binding } from '../../domain/entities.js'

/** A phone, as the API gives it. */
export type Device = z.input<typeof device>

/** A group of phones, as the API gives it. */
export type Group = z.input<typeof group>

/** A person, as the API gives it. */
export type Person = z.input<typeof extension>

/** What a phone asked and was given, as the API gives it. */
export type Asked = z.input<typeof event>

/** A binding with the number it is for. */
export interface Registration extends Binding {
  number: string
}
