import type { Request } from 'express'
import { ALL_SITES, may } from '../../accounts/permissions.js'
import { csrfTokenOf } from '../../accounts/sign-in.js'
import type { Arrival } from '../../admin/edge/visitor.js'
import { mayUse, type Choice, type PageCall, type Shown } from '../page.js'
import { adminHome } from '../pages/admin-menu.js'
import { LANGUAGES, LANGUAGE_NAMES, type Words } from '../words/words.js'

/** How a request is to be answered, whoever sends it. */
export interface Visit {
  arrival: Arrival
  words: Words
  choices: Partial<Record<Choice, string>>
}

/** What the frame of every page shows. */
export function frameOf(call: PageCall, answer: Shown, request: Request, visit: Visit): object {
  const { words, who, sessionId, site, live, told, by } = call
  const sites = [...call.parts.snapshot.allSites()].filter(({ id }) => by.rights.has(ALL_SITES) || by.rights.has(id))
  const seesPending = mayUse(call, 'listStrangers')
  return {
    ...plainFrame(answer.title, request, visit),
    menu: answer.menu,
    csrf: who?.session && sessionId !== undefined ? csrfTokenOf(sessionId) : undefined,
    userName: who?.user.name ?? '',
    siteName: site.name,
    actsIn: sites.length > 1 && by.rights.has(ALL_SITES) ? site.name : undefined,
    manySites: who !== undefined && sites.length > 1,
    sites: sites.map(({ slug, name, id }) => ({ slug, name, chosen: id === site.id })),
    may: {
      phones: may(by.rights, 'phones.read', site.id),
      people: may(by.rights, 'people.read', site.id),
      pending: seesPending,
      administration: adminHome(call) !== undefined,
    },
    liveTold: told,
    pendingCount: seesPending ? live.pending().length : 0,
    doneText: words.find(`done.${call.query.done ?? ''}`),
    pageHelp: words.find(`help.${answer.view}`),
  }
}

/** What every page shows, also one for nobody in particular. */
export function plainFrame(title: string, request: Request, { words, choices }: Visit): object {
  const theme = choices.theme ?? 'auto'
  const { language } = words
  return {
    title,
    language,
    theme,
    path: request.method === 'GET' ? request.originalUrl : '/',
    themes: (['auto', 'light', 'dark'] as const).map((id) => ({
      id,
      name: words.t(`app.theme.${id}`),
      chosen: id === theme,
    })),
    languages: LANGUAGES.map((id) => ({ id, name: LANGUAGE_NAMES[id], chosen: id === language })),
  }
}
