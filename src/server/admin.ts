import { startAdminListener, type AdminListener } from '../admin/edge/listener.js'
import type { AdminParts } from '../admin/parts.js'
import { databaseAnswers } from '../database/edge/answers.js'
import { spareTime, systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import type { Binding } from '../domain/entities.js'
import { isSecretSetting } from '../site-use-cases.js'
import type { Networks } from '../network/trust.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import type { Base } from './base.js'
import type { RunningSip } from './sip.js'

/** What the admins' program shares with the phones' listeners. */
interface Shared {
  viewSources: AdminParts['viewSources']
  waiting: AdminParts['waiting']
  keptFile: AdminParts['keptFile']
  registrations: AdminParts['registrations']
  bindings: () => Binding[]
  dropBinding: RunningSip['dropBinding']
  lastSeen: AdminParts['lastSeen']
  outcomes: () => ReadonlyMap<string, number>
  trustedProxies: () => Networks
  serverAddress: (host?: string) => ServerAddress
}

/** The admins' listener. What it needs is loaded after the phones are served. */
export async function startAdmin(
  { installation, undo, feed, live, happenings, certificates }: Base,
  shared: Shared,
): Promise<AdminListener> {
  const { config, databases, log } = installation
  const listener = await startAdminListener({
    port: config.adminPort,
    portMayChange: config.adminPortIsDefault,
    bind: config.adminBind,
    certificates,
    readiness: async () => {
      const database = await databaseAnswers(databases, systemClock)
      return { ready: database, parts: { database: database ? 'ok' : 'does not answer' } }
    },
    loadApp: async () => {
      const [{ createAdminPlane }, { createPages }] = await Promise.all([
        import('../admin/edge/plane.js'),
        import('../web/edge/pages-router.js'),
      ])
      const trustedProxies = shared.trustedProxies()
      return createAdminPlane({
        ...installation,
        ...shared,
        trustedProxies,
        happenings,
        pages: (parts) => createPages({ parts, live, trustedProxies, log }),
        snapshot: feed.snapshot,
        refresh: () => feed.refresh(),
        domainFirst: config.adminSignIn === 'domain-first',
        isSecretSetting: (key) => isSecretSetting(installation, key),
        clock: systemClock,
        random: systemRandom,
      })
    },
    clock: systemClock,
    spareTime,
    log,
  })
  undo.add(() => listener.stop())
  return listener
}
