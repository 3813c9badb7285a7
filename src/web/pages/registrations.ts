import { registrationId, requireRegistration } from '../../admin/api/registrations.js'
import type { Binding } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { formatMac } from '../../domain/mac-address.js'
import { parseEndpoint } from '../../network/address.js'
import { ask, done, mayUse, page, type PageAnswer, type PageCall } from '../page.js'

/** A registration as pages show it: with what its User-Agent and addresses say. */
interface ShownRegistration extends Binding {
  number: string
  client?: string | undefined
  address: string
  port?: number | undefined
  /** Phone that it is of; a softphone's has none. */
  mac?: string | undefined
  macText?: string | undefined
  /** Of the question whether to throw it out. */
  dropPath: string
}

/** Registrations of the site that pages may show; undefined: whoever asks may not see any. */
export function registrationsThat(call: PageCall, is: (binding: Binding) => boolean): ShownRegistration[] | undefined {
  if (!mayUse(call, 'listRegistrations')) return undefined
  return call.parts.bindings().flatMap((binding) => (is(binding) ? shownRegistration(call, binding) : []))
}

function shownRegistration({ parts }: PageCall, binding: Binding): ShownRegistration {
  const { snapshot, catalog } = parts
  const { userAgent, received, lineId, extensionId } = binding
  const claim = userAgent === undefined ? undefined : catalog.userAgent(userAgent)
  const model = claim && catalog.modelByToken(claim.family, claim.model)
  const from = parseEndpoint(received)
  const mac = lineId === undefined ? undefined : snapshot.deviceByLine(lineId)?.mac
  return {
    ...binding,
    number: snapshot.extension(extensionId)?.number ?? '',
    client: model && `${model.name}${claim.firmware === undefined ? '' : `, ${claim.firmware}`}`,
    address: from?.address ?? received,
    port: from?.port,
    mac,
    macText: mac && formatMac(mac),
    dropPath: `/registrations/${encodeURIComponent(registrationId(binding))}/drop`,
  }
}

/** The registration that an address names. Throws BINDING_NOT_FOUND as the API does, and where it is not shown. */
function requireShown(call: PageCall): ShownRegistration {
  const meant = requireRegistration(call, call.params.id ?? '')
  const shown = registrationsThat(call, (binding) => binding === meant)?.[0]
  if (shown) return shown
  throw new AppError('BINDING_NOT_FOUND', 'there is no such registration any more')
}

/** Where it is shown: its phone, else its person. */
function backFrom({ mac, number }: ShownRegistration): string {
  return mac === undefined ? `/people/${encodeURIComponent(number)}` : `/phones/${mac}`
}

function dropForm(call: PageCall): PageAnswer {
  const registration = requireShown(call)
  return {
    view: 'registration-drop',
    title: call.words.t('registration.drop.ask'),
    menu: registration.mac === undefined ? 'people' : 'phones',
    data: { registration, back: backFrom(registration) },
  }
}

export const registrationPages = [
  page({
    id: 'dropRegistrationForm',
    method: 'get',
    path: '/registrations/{id}/drop',
    of: 'dropRegistration',
    run: dropForm,
  }),
  page({
    id: 'dropRegistration',
    method: 'post',
    path: '/registrations/{id}/drop',
    of: 'dropRegistration',
    run: async (call) => {
      const back = backFrom(requireShown(call))
      await ask(call, 'dropRegistration', { params: { id: call.params.id ?? '' } })
      return { to: done(back, 'thrownOut') }
    },
  }),
]
