/** What tells an app that fetches its set-up from somebody who only looks. */
export interface FetchRequest {
  method: string
  header(name: string): string | undefined
}

/** Programs that fetch links they find in mails and chats, to show or to check them. */
const LOOKERS =
  /bot\b|crawl|spider|preview|slurp|facebookexternalhit|whatsapp|telegram|slack|discord|skypeuri|teams|linkedin|twitter|pinterest|viber|snapchat|embedly|google|bing|yahoo|safelinks|barracuda|proofpoint|mimecast|symantec|trendmicro|fortinet|sophos|scanner|urlscan|virustotal|headless|python-|go-http-client|okhttp\/.*preview|node-fetch|axios\/|ms-?office|microsoft (office|outlook)|rocket\.chat|mattermost|mastodon|iframely|kakaotalk|line-poker|signal-desktop/i

/**
 * Does an app fetch its set-up, so that it is given out and counted? Everybody else is shown the page, which holds no
 * secret: browsers and cameras that follow the code, programs that look at links, HEAD. Linphone names itself by
 * X-Linphone-Provisioning since 5.3; before it sends neither that nor Accept, and "Unknown" as User-Agent.
 */
export function isAppFetch({ method, header }: FetchRequest): boolean {
  if (method !== 'GET' && method !== 'POST') return false
  if (header('x-linphone-provisioning') !== undefined) return true
  const agent = header('user-agent') ?? ''
  if (LOOKERS.test(agent) || /^Mozilla\//.test(agent)) return false
  const isBrowsers = (header('accept') ?? '').includes('text/html') || header('sec-fetch-mode') !== undefined
  const isAhead = /prefetch|preview/i.test(`${header('purpose') ?? ''}${header('sec-purpose') ?? ''}`)
  return !isBrowsers && !isAhead
}
