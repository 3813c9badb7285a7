import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { availableParallelism, loadavg } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import type { Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import { launchBrowser, openPage } from '../support/browser.js'
import { describeWithClients } from '../support/real-clients.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

const CROWD = 1_000
const CROWD_MS = 10_000
/** The list shows so many at once. */
const SHOWN = 50
/** Where many others use the machine, its clock goes on meanwhile. */
const patience = (): number => Math.max(1, (2 * (loadavg()[0] ?? 0)) / availableParallelism())
/** A click is answered within this on a machine of one's own: what people take as at once. */
const CLICK_MS = 200
/** And so is a state shown after what it tells of. */
const LIVE_MS = 1_000

const macOf = (n: number): string => (0x805ec0100000 + n).toString(16)

/** What the page notes of itself: how long it was deaf to a click, ten times a second, and when each state came to be shown. */
const NOTES = `
  window.wasHere = true
  window.clicks = []
  window.seen = {}
  const menu = [...document.querySelectorAll('.view-menu summary')].pop()
  let due = performance.now() + 100
  const press = () => {
    menu.click()
    window.clicks.push(performance.now() - due)
    due = performance.now() + 100
    setTimeout(press, 100)
  }
  setTimeout(press, 100)
  const note = () => {
    for (const { dataset } of document.querySelectorAll('[data-phone][data-state=registered]')) window.seen[dataset.phone] ??= Date.now()
  }
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })
`

describeWithClients('a thousand phones that register while somebody looks', { chromium: 'chromium' }, () => {
  let installation: TestInstallation
  let server: ServerProcess
  let browser: Browser
  let line: Line
  let password: string
  let crowd: Simulation | undefined

  beforeAll(async () => {
    installation = await TestInstallation.create()
    server = await installation.serve()
    const rows = Array.from({ length: CROWD }, (_, n) => `${macOf(n)},yealink/t21p-e2,${2_000 + n},Person ${n}`)
    await installation.import(['mac,model,extension,name', ...rows, ''].join('\n'))
    password = (await installation.cli<{ password: string }>('admin', 'create', 'anna', '--role', 'owner')).password
    browser = await launchBrowser()
    line = await Line.to(server.ports.admin)
  }, SERVER_TEST_MS)
  afterAll(async () => {
    await crowd?.stop()
    await browser?.close()
    line?.close()
    await installation?.remove()
  }, SERVER_TEST_MS)

  async function openList(): Promise<{ page: Page; wrong: string[] }> {
    const opened = await openPage(browser)
    const { page } = opened
    await page.goto(`${line.url}/sign-in`)
    await page.locator('#f-login').fill('anna')
    await page.locator('#f-password').fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/phones$/)
    await page.goto(`${line.url}/phones?sort=mac&q=person`)
    await page.waitForSelector('[data-phone]')
    await page.evaluate(NOTES)
    return opened
  }

  /** Those of the list come up all over the time, and not at its beginning. */
  function boot(upAt: Map<string, number>): Simulation {
    return simulate({
      phones: Array.from({ length: CROWD }, (_, n) => ({
        ...{ mac: macOf((n * 37) % CROWD) as Mac, model: 'yealink/t21p-e2', transport: 'http' as const },
        localAddress: loopbackAddress(n),
      })),
      server: { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp },
      keepRegistered: true,
      spreadMs: CROWD_MS,
      onProgress: ({ mac, state }) => {
        if (state === 'registered' && !upAt.has(mac)) upAt.set(mac, Date.now())
      },
    })
  }

  test(
    'clicks are answered, states are there within a second and right at the end, though the connection is cut on the way',
    async () => {
      const { page } = await openList()
      const upAt = new Map<string, number>()
      crowd = boot(upAt)
      let cuts = 0
      // Twice, something on the way to the server is restarted.
      const cutting = setInterval(() => {
        if (upAt.size < (0.3 + 0.3 * cuts) * CROWD || cuts === 2) return
        line.cut()
        cuts += 1
      }, 50)
      await crowd.settled
      clearInterval(cutting)
      expect(cuts).toBe(2)
      // Where many others use the machine, some phones of the crowd give up and try again later.
      expect(upAt.size).toBeGreaterThan(0.9 * CROWD)
      const isUp = (n: number): boolean => upAt.has(macOf(n))
      const shown = Array.from({ length: SHOWN }, (_, n) => n)
      await eventually(async () => {
        const right = await page.locator('[data-phone][data-state=registered]').count()
        expect(right).toBe(shown.filter(isUp).length)
      }, 20_000)

      const { wasHere, clicks, seen } = (await page.evaluate('({ wasHere, clicks, seen })')) as Notes
      expect(wasHere).toBe(true)
      expect(clicks.length).toBeGreaterThan(10)
      expect(Math.max(...clicks)).toBeLessThan(CLICK_MS * patience())
      const delays = shown.filter(isUp).map((n) => (seen[macOf(n)] ?? Infinity) - (upAt.get(macOf(n)) ?? 0))
      // A browser waits for two seconds before it connects again: what came meanwhile is as late.
      const late = delays.filter((ms) => ms > LIVE_MS * patience())
      expect(late.length).toBeLessThan(SHOWN / 2)
      expect(Math.max(...delays)).toBeLessThan((LIVE_MS + 3_000) * patience())
      await page.context().close()
    },
    SERVER_TEST_MS,
  )

  interface Notes {
    wasHere: boolean
    clicks: number[]
    seen: Record<string, number>
  }
})

/** The way from the browser to the server, which can be cut. */
class Line {
  readonly #sockets = new Set<Socket>()

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Line> {
    const server = createServer()
    const line = new Line(server)
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        line.#sockets.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          line.#sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return line
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.server.close()
  }
}
