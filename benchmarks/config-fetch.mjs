// How many configs a second over HTTP, keep-alive, 32 connections, against nginx with the same bytes as static files?
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, phones, prepare, saveConfigs, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { eventually, freePort, need, run, start } from './support/processes.mjs'
import { alternate } from './support/rounds.mjs'

const URLS = 4_000

need('wrk', 'nginx')
await prepare()
const all = await phones()
const asked = all.slice(0, URLS)
const server = await serve()
const root = join(folder, 'www')
const bytes = await saveConfigs(server, asked, root)
console.log(`${all.length} phones, ${asked.length} configs of ${Math.round(bytes)} bytes on average`)

const nginxPort = await freePort()
const prefix = join(folder, 'nginx')
mkdirSync(prefix)
writeFileSync(
  join(prefix, 'nginx.conf'),
  `daemon off; worker_processes 1; pid ${prefix}/pid; error_log ${prefix}/error.log; ${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; etag on; keepalive_requests 1000000000;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  server { listen 127.0.0.1:${nginxPort}; root ${root}; default_type application/octet-stream; }
}
`,
)
const nginx = start('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'error.log')])
await eventually(() => fetch(`http://127.0.0.1:${nginxPort}/${asked[0].file}`))

/** A wrk script that asks for each URL in turn, with its ETag when it shall be answered by 304. */
async function script(name, port, conditional) {
  const lines = []
  for (const { file } of asked) {
    const url = `http://127.0.0.1:${port}/${file}`
    const etag = conditional ? (await fetch(url, { method: 'HEAD' })).headers.get('etag') : undefined
    lines.push(`{${JSON.stringify(`/${file}`)}, ${etag ? `'${etag}'` : 'nil'}}`)
  }
  if (conditional) await proveUnchanged(port)
  const path = join(folder, `${name}.lua`)
  writeFileSync(
    path,
    `local asked = {${lines.join(',\n')}}
local ready = {}
function init()
  for i, one in ipairs(asked) do ready[i] = wrk.format('GET', one[1], one[2] and {['If-None-Match'] = one[2]} or nil) end
end
local i = 0
function request() i = i % #ready + 1; return ready[i] end
`,
  )
  return path
}

async function proveUnchanged(port) {
  const url = `http://127.0.0.1:${port}/${asked[0].file}`
  const etag = (await fetch(url)).headers.get('etag')
  const { status } = await fetch(url, { headers: { 'If-None-Match': etag } })
  if (status !== 304) throw new Error(`${url}: ${status} instead of 304`)
}

async function side(name, pid, port, conditional) {
  const lua = await script(`${name}-${conditional}`, port, conditional)
  const load = async () => {
    const output = await run('wrk', [
      ...['-t1', '-c32', `-d${OPTIONS.seconds}s`, '--latency', '-s', lua, `http://127.0.0.1:${port}`],
    ])
    if (/Non-2xx|Socket errors/.test(output)) throw new Error(output.slice(0, 500))
    const [, done, seconds, unit] = /(\d+) requests in ([\d.]+)(s|m)/.exec(output)
    const [, p99, p99Unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(output)
    return {
      done: Number(done),
      seconds: Number(seconds) * (unit === 'm' ? 60 : 1),
      'p99 ms': Number(p99) * { us: 0.001, ms: 1, s: 1000 }[p99Unit],
    }
  }
  return { name, pid, load }
}

for (const conditional of [false, true]) {
  await alternate(conditional ? 'config-fetch 304' : 'config-fetch 200', [
    await side('phoneboot', server.pid, server.ports.http, conditional),
    await side('nginx', nginx.pid, nginxPort, conditional),
  ])
}
await server.stop()
process.exit()
