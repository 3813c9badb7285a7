import { asks, text } from './corpus.js'

const JSON_TYPE = 'Content-Type: application/json'
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded'
const BOUNDARY = 'fuzz'

/** With its true length, which mutations then make untrue. */
function sends(line: string, type: string, body: string, ...headers: string[]): Buffer {
  return Buffer.concat([asks(line, type, `Content-Length: ${body.length}`, ...headers), text(body)])
}

/** A form with a file, as pages send it. */
function upload(path: string, ...headers: string[]): Buffer {
  const part = (disposition: string, value: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`
  const file = part('name="file"; filename="people.csv"', 'number,name\r\n901,Fuzz\r\n')
  const body = `${part('name="_csrf"', '0'.repeat(32))}${file}--${BOUNDARY}--\r\n`
  return sends(`POST ${path} HTTP/1.1`, `Content-Type: multipart/form-data; boundary=${BOUNDARY}`, body, ...headers)
}

/** What can be asked of the admin page by anybody who reaches it. */
function fromAnybody(): Buffer[] {
  const cookie = `Cookie: phoneboot=${'0'.repeat(32)}; phoneboot-language=de; phoneboot-site=default`
  const signIn = JSON.stringify({ login: 'anna', password: 'wrong', code: '123456', domain: 'example.com' })
  return [
    ...['/', '/sign-in', '/setup?token=x', '/healthz', '/readyz', '/metrics', '/live', '/assets/app.js'].map((path) =>
      asks(`GET ${path} HTTP/1.1`, cookie, 'Accept: text/html', 'HX-Request: true', 'HX-Target: main'),
    ),
    ...['openapi.json', 'docs', 'session', 'stream', 'devices?q=1&limit=5&sort=-mac'].map((path) =>
      asks(`GET /api/v1/${path} HTTP/1.1`, 'Authorization: Bearer pb_0123456789abcdef', 'Last-Event-ID: a1'),
    ),
    sends('POST /api/v1/session HTTP/1.1', JSON_TYPE, signIn, 'Origin: http://127.0.0.1', 'Idempotency-Key: {n}'),
    sends('POST /api/v1/session/setup HTTP/1.1', JSON_TYPE, '{"token":"x","name":"a","password":"b","__proto__":{}}'),
    sends('POST /sign-in HTTP/1.1', FORM_TYPE, 'login=a&login=b&password=%ff%zz&to=//x', 'Sec-Fetch-Site: cross-site'),
    sends('POST /extensions HTTP/1.1', FORM_TYPE, '_csrf=x&_seen=%22x%22&number=1', cookie, 'X-CSRF-Token: x'),
    upload('/import', cookie),
    upload('/api/v1/imports', 'Transfer-Encoding: chunked'),
    asks('GET /ws HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'),
    asks('PROPFIND /api/v1/%2e%2e/%00 HTTP/1.1', 'X-Forwarded-For: 10.0.0.1', 'X-Forwarded-Proto: https'),
  ]
}

/** What somebody asks who may look at everything and change nothing. */
function fromViewer(token: string, mac: string, number: string): Buffer[] {
  const bearer = `Authorization: Bearer ${token}`
  const lists = [
    'extensions',
    'devices',
    'groups',
    'settings',
    'registrations',
    'events',
    'strangers',
    'imports',
    'mails',
  ]
  const paths = [
    ...lists.map((name) => `${name}?q=a&limit=10&page=2&sort=-name&before=5&site=default`),
    ...[`devices/${mac}`, `devices/${mac}/files`, `devices/${mac}/events?outcome=served`, `devices/${mac}/timeline`],
    ...[
      `extensions/${number}`,
      `extensions/${number}/keys`,
      'webhooks',
      'scheduled-changes',
      'sites',
      'models',
      'audit',
    ],
  ]
  return [
    ...paths.map((path) => asks(`GET /api/v1/${path} HTTP/1.1`, bearer, 'If-Match: "1"')),
    asks('GET /api/v1/stream?types=device.changed&all=true HTTP/1.1', bearer, 'Last-Event-ID: a1'),
    sends('POST /api/v1/extensions HTTP/1.1', JSON_TYPE, '{"number":"901","displayName":"x"}', bearer),
    sends(`PATCH /api/v1/devices/${mac} HTTP/1.1`, JSON_TYPE, '{"name":"x"}', bearer, 'If-Match: "1"'),
    upload('/api/v1/imports', bearer),
  ]
}

/** Requests to the admins' own listener: of strangers, and of one who may read. */
export function adminRequests(viewer: { token: string; mac: string; number: string }): Buffer[] {
  return [...fromAnybody(), ...fromViewer(viewer.token, viewer.mac, viewer.number)]
}
