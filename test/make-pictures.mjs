// Draws every page of the admin's web page into docs/pictures/, light and dark, at 1280 and 390 pixels: starts a server
// of its own on loopback, lets simulated phones register, and looks with Chromium. Run: npm run pictures
import { spawn, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const program = join(root, 'dist', 'phoneboot.js')
const target = process.argv[2] ?? join(root, 'docs', 'pictures')
const folder = mkdtempSync(join(tmpdir(), 'phoneboot-pictures-'))
const PASSWORD = 'Correct horse 9'
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PHONEBOOT_'))),
  PHONEBOOT_DATA_DIR: join(folder, 'data'),
  PHONEBOOT_FIRMWARE_DIR: join(folder, 'firmware'),
  PHONEBOOT_BIND: '127.0.0.1',
  PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8',
  ...Object.fromEntries(['HTTP', 'HTTPS', 'TFTP', 'SIP', 'ADMIN'].map((name) => [`PHONEBOOT_${name}_PORT`, '0'])),
}

const NAMES =
  'Anna Berg,Jörg Müller,Zoë Lindström,Karim Haddad,Łucja Nowak,Tomás Ortega,Mei Lin,Reception,Workshop,Sales'
const PEOPLE = NAMES.split(',').map((name, index) => ({ number: String(101 + index), name }))
const STRANGERS = [
  ['805ec0aa0001', 'Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:aa:00:01', '805ec0aa0001.cfg'],
  ['000413aa0002', 'Mozilla/4.0 (compatible; snomD735-SIP 10.1.54.13 000413AA0002)', 'snomD735-000413AA0002.htm'],
  ['c074adaa0003', 'Grandstream Model HW GXP2135 SW 1.0.11.64 DevId c074adaa0003', 'cfgc074adaa0003.xml'],
]

const running = []
const start = (args, more = {}) => {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { ...env, ...more } })
  child.stderr.on('data', () => undefined)
  running.push(child)
  return child
}

async function main() {
  mkdirSync(target, { recursive: true })
  const server = start(['serve'])
  const ready = await new Promise((resolve) =>
    createInterface(server.stdout).once('line', (line) => resolve(JSON.parse(line))),
  )
  const ports = Object.fromEntries(
    ['http', 'https', 'tftp', 'sip', 'admin'].map((name) => [
      `PHONEBOOT_${name.toUpperCase()}_PORT`,
      String(ready[name]),
    ]),
  )
  const admin = `http://localhost:${ready.admin}`
  const cli = (args, input) =>
    execFileSync(process.execPath, [program, ...args], { cwd: folder, env: { ...env, ...ports }, input })
  const models = ['yealink/t21p-e2', 'snom/d120', 'grandstream/gxp1628']
  const prefix = { 'yealink/t21p-e2': '805ec00000', 'snom/d120': '0004138200', 'grandstream/gxp1628': 'c074ad0000' }
  const rows = PEOPLE.slice(0, 8).map(({ number, name }, index) => {
    const model = models[index % 3]
    return `${prefix[model]}${String(index + 1).padStart(2, '0')},${model},${number},${name}`
  })
  cli(['import', '-'], ['mac,model,extension,name', ...rows, ''].join('\n'))
  const rest = PEOPLE.slice(8).map(({ number, name }) => `${number},${name}`)
  cli(['import', '-'], ['extension,name', ...rest, ''].join('\n'))
  cli(['device', 'add', '805ec0000028', '--model', 'yealink/t28p', '--line', '109', '--name', 'Bench 2'])
  cli(['extension', 'keys', '109', 'blf:102', 'blf:103', 'blf:104', 'speed-dial:030123456:Taxi', 'park:700:Park'])
  cli(['device', 'keys', 'c074ad000003', 'mpk@8=blf:101:Front desk'])
  cli(['group', 'add', 'Reception'])
  cli(['group', 'keys', 'Reception', 'blf:108', 'park:700:Park'])
  for (const mac of ['c074ad000003', '805ec0000028']) cli(['device', 'update', mac, '--group', 'Reception'])
  const link = await until(() => readFileSync(join(folder, 'data', 'admin-setup-link.txt'), 'utf8').trim())
  const simulator = start(['simulate', '--keep', '--models', 'yealink/t21p-e2,snom/d120'], ports)
  for (const [, userAgent, file] of STRANGERS) {
    await fetch(`http://127.0.0.1:${ready.http}/${file}`, { headers: { 'User-Agent': userAgent } })
  }
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS })
  const cookies = await setUp(browser, admin, link)
  await until(async () => {
    const text = await (
      await fetch(`${admin}/phones`, {
        headers: { Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
      })
    ).text()
    if ((text.match(/data-state="registered"/g) ?? []).length < 5) throw new Error('phones are not registered yet')
  })
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) await draw(browser, { admin, cookies, colorScheme, width })
  }
  await browser.close()
  simulator.kill('SIGINT')
  server.kill('SIGTERM')
}

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--hide-scrollbars'],
]

/** The first owner, by the link. Its page is drawn on the way. */
async function setUp(browser, admin, link) {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.goto(`${admin}/setup${new URL(link).hash}`)
  await page.getByLabel('Sign-in name').fill('anna')
  await page.screenshot({ path: join(target, 'set-up.png') })
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create the account' }).click()
  await page.waitForURL(/\/phones/)
  const cookies = await context.cookies()
  await context.close()
  return cookies
}

const PAGES = {
  phones: '/phones',
  phone: '/phones/805ec0000001',
  'phone-new': '/phones/new',
  'phone-remove': '/phones/805ec0000001/remove',
  'phone-file': '/phones/805ec0000001/files/805ec0000001.cfg',
  pending: '/pending',
  assign: '/pending/805ec0aa0001',
  keys: '/people/109/keys',
  'phone-keys': '/phones/c074ad000003/keys',
  groups: '/groups',
  group: '/groups/Reception',
  'group-keys': '/groups/Reception/keys',
  people: '/people',
  person: '/people/101',
  'person-new': '/people/new',
  'person-remove': '/people/101/remove',
}

async function draw(browser, { admin, cookies, colorScheme, width }) {
  const size = { width, height: width === 390 ? 844 : 800 }
  const context = await browser.newContext({ locale: 'en', viewport: size, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${admin}/sign-in`)
  await page.screenshot({ path: join(target, `sign-in-${colorScheme}-${width}.png`) })
  await context.addCookies(cookies)
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(admin + path)
    await page.screenshot({ path: join(target, `${name}-${colorScheme}-${width}.png`) })
  }
  await context.close()
}

async function until(check) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await check()
    } catch (error) {
      if (attempt > 300) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

main()
  .catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
  .finally(() => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  })
