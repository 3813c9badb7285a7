// The C servers that a load is set beside, each with its own folder below the benchmark's.
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder } from './installation.mjs'
import { eventually, freePort, start } from './processes.mjs'

const REALM = 'phoneboot'

/** nginx, one worker, with the files of a folder. */
export async function startNginx(root) {
  const port = await freePort()
  const prefix = join(folder, `nginx-${port}`)
  mkdirSync(prefix)
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${prefix}/pid; error_log ${prefix}/error.log; ${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 8192; }
http {
  access_log off; sendfile on; tcp_nopush on; etag on;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port} backlog=4096; root ${root}; default_type application/octet-stream; }
}
`,
  )
  const child = start('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'error.log')])
  await eventually(() => fetch(`http://127.0.0.1:${port}/`))
  return { child, port }
}

/** tftpd-hpa with the files of a folder, which others must be able to read; starts as root only. */
export async function startTftpd(root) {
  chmodSync(folder, 0o755)
  const port = await freePort()
  const address = ['--address', `127.0.0.1:${port}`]
  const child = start('in.tftpd', ['--foreground', ...address, '--user', 'root', '--secure', root])
  return { child, port }
}

/** Kamailio with bindings in memory and the digests (HA1) of these accounts in a table in memory. */
export async function startKamailio(accounts) {
  const port = await freePort()
  const home = join(folder, `kamailio-${port}`)
  mkdirSync(home)
  const ha1 = ({ username, password }) => createHash('md5').update(`${username}:${REALM}:${password}`).digest('hex')
  const columns = 'id(int,auto) key_name(string) key_type(int) value_type(int) key_value(string) expires(int)'
  const rows = accounts.map((account, n) => `${n + 1}:${account.username}:0:0:${ha1(account)}:0`)
  writeFileSync(join(home, 'htable'), [columns, ...rows, ''].join('\n'))
  writeFileSync(join(home, 'version'), 'table_name(string) table_version(int)\nhtable:2\n')
  const child = start('kamailio', [
    ...['-f', resolve(import.meta.dirname, 'kamailio-accounts.cfg'), '-A', `TABLES="text://${home}"`],
    ...['-DD', '-E', '-m', '256', '-M', '16', '-Y', home, '-P', join(home, 'pid'), '-l', `udp:127.0.0.1:${port}`],
  ])
  return { child, port }
}
