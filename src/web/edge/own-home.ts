import { isHidden } from '../../admin/features.js'
import type { SiteUseCases } from '../../admin/parts.js'
import type { AppError } from '../../domain/errors.js'
import type { Id } from '../../domain/entities.js'
import { formatMac } from '../../domain/mac-address.js'
import { freeCalls, isOwnForward } from '../../self-service/own-calls.js'
import { isFreeKey } from '../../self-service/own-keys.js'
import { personLayers } from '../../snapshot/person-layers.js'
import type { ExtensionRecord, ListedSnapshot } from '../../snapshot/snapshot.js'
import type { SoftphoneApp } from '../../softphones/app.js'
import type { OwnAnswer } from '../../softphones/edge/http.js'
import { callsView } from '../own/calls-view.js'
import { codeText, FIRST_APP } from '../own/code-view.js'
import { refusalOf } from '../page.js'
import type { Words } from '../words/words.js'
import type { OwnPages } from './own-pages.js'

/** What an own page is made of. */
export interface OwnHomeSources {
  snapshot: ListedSnapshot
  forSite(siteId: Id): Pick<SiteUseCases, 'softphones'>
  /** People may change the numbers and labels of their own speed dials and lamps, and what else their admin leaves free. */
  mayChange: boolean
  /** What people call a model. */
  modelName(id: string): string
}

/** What just happened on the page. */
export interface HomeNews {
  code?: { app: Pick<SoftphoneApp, 'name' | 'code'>; svg: string; url: string }
  refused?: AppError
  passwordSet?: boolean
  saved?: boolean
}

interface Home extends HomeNews {
  extension: ExtensionRecord
  csrf: string
  /** What the person signs in with; undefined: people come by links alone. */
  login: string | undefined
}

/** The own page of somebody: phones, softphones unless the site hides them, keys, calls. */
export async function ownHome(
  sources: OwnHomeSources,
  pages: OwnPages,
  words: Words,
  { extension, csrf, login, code, refused, passwordSet, saved }: Home,
): Promise<OwnAnswer> {
  const { mayChange } = sources
  const layers = ownLayers(sources, extension)
  const data = {
    title: extension.displayName,
    language: words.language,
    number: extension.number,
    csrf,
    phones: phonesOf(sources, extension),
    apps: isHidden(sources.snapshot, extension.siteId, 'softphones') ? undefined : await appsOf(sources, extension),
    keys: extension.keys.map(({ position, kind, value, label, locked }) => ({
      position,
      kind: words.t(`keys.kind.${kind}`),
      value: value ?? '',
      label: label ?? '',
      locked: mayChange && locked === true,
      free: mayChange && isFreeKey({ kind, locked }),
    })),
    mayChange: mayChange && extension.keys.some(isFreeKey),
    calls: mayChange ? callsView(words, layers, freeCalls(layers)) : undefined,
    code: code && { ...code, ...codeText(words, code.app) },
    login,
    done: passwordSet === true ? words.t('own.password.done') : saved === true ? words.t('done.saved') : undefined,
    refusal: refused && words.t('own.home.refused', { why: whyOf(words, refused) }),
  }
  return pages.render('own-home', words, data, refused ? statusOf(refused) : 200)
}

/** Settings that hold for somebody, the strongest first. */
export function ownLayers(
  { snapshot }: Pick<OwnHomeSources, 'snapshot'>,
  extension: ExtensionRecord,
): ReturnType<typeof personLayers> {
  return personLayers(snapshot, extension, extension.id)
}

function phonesOf({ snapshot, modelName }: OwnHomeSources, extension: ExtensionRecord): object[] {
  return [...snapshot.allDevices()]
    .filter(({ state }) => state === 'approved')
    .flatMap(({ lines, mac, model }) =>
      lines
        .filter(({ extensionId }) => extensionId === extension.id)
        .map(({ position }) => ({ mac: formatMac(mac), model: modelName(model), line: position })),
    )
}

/** Softphones that somebody has, and apps that another can be set up with. */
async function appsOf({ forSite }: OwnHomeSources, { siteId, number }: ExtensionRecord): Promise<object> {
  const { softphones } = forSite(siteId)
  const apps = await softphones.apps()
  const own = await softphones.list(number)
  return {
    softphones: own.map(({ id, app, name, authUsername: user, fetchedAt }) => ({
      ...{ id, app: apps.get(app)?.name ?? app, name, user, waits: fetchedAt === undefined },
    })),
    choices: [...apps.values()].map(({ id, name }) => ({ id, name, chosen: id === FIRST_APP })),
  }
}

/** In the words of the page: people know neither the names of settings nor of phones. */
function whyOf(words: Words, refused: AppError): string {
  const { text, detail, field } = refusalOf({ words }, refused)
  if (refused.code === 'SETTING_VALUE_INVALID' && field !== undefined) {
    const what = words.find(`field.${field}`) ?? field
    return words.t(isOwnForward(field) ? 'own.calls.wrongNumber' : 'own.calls.wrong', { what })
  }
  return words.language === 'en' ? (detail ?? text).replace(`${field}: `, '') : text
}

function statusOf({ code }: AppError): number {
  return code === 'FEATURE_HIDDEN' ? 404 : 422
}
