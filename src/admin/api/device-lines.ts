import { z } from 'zod'
import { route } from '../route.js'
import { device, lineInput } from './phone-schemas.js'
import { linePosition, mac } from './schemas.js'
import { shownAs } from './shown-device.js'

const TAG = 'Phones'
const params = { mac }

/** Who is on the lines of a phone, and their passwords. */
export const deviceLineRoutes = [
  route({
    id: 'addDeviceLine',
    method: 'post',
    path: '/devices/{mac}/lines',
    tag: TAG,
    summary: 'Put a person on a line',
    access: 'phones.write',
    params,
    body: lineInput,
    status: 201,
    answer: device,
    handle: async (call) => shownAs(call, await call.use.devices.addLine(call.by.actor, call.params.mac, call.body)),
  }),
  route({
    id: 'removeDeviceLine',
    method: 'delete',
    path: '/devices/{mac}/lines/{position}',
    tag: TAG,
    summary: 'Take a line off',
    access: 'phones.write',
    params: { mac, position: linePosition },
    conditional: true,
    answer: device,
    handle: async (call) =>
      shownAs(call, await call.use.devices.removeLine(call.by.actor, call.params.mac, call.params.position)),
  }),
  route({
    id: 'resetLinePassword',
    method: 'post',
    path: '/devices/{mac}/lines/{position}/password',
    tag: TAG,
    summary: 'A new SIP password for a line; the old one ends now, or when the phone has fetched and used the new one',
    access: 'phones.password',
    params: { mac, position: linePosition },
    body: z
      .strictObject({
        when: z.enum(['now', 'fetched']).optional().meta({
          description:
            'fetched: the phone is asked to look, and the old password is good until it used the new one, 48 hours at most',
        }),
      })
      .optional(),
    handle: async ({ parts, use, by, params: { mac: own, position }, body }) => {
      const { when = 'now' } = body ?? {}
      await use.devices.resetLinePassword(by.actor, own, position, when)
      if (when === 'fetched') {
        await parts.refresh()
        await parts.resync.ask(by.actor, [await use.devices.show(own)], 'resync')
      }
      return {}
    },
  }),
]
