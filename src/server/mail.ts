import { upToDate } from '../database/audit-log.js'
import { KnexAuditLog } from '../database/edge/knex-audit-log.js'
import { systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import { KnexBanStore } from '../limits/edge/knex-ban-store.js'
import { BanNotices } from '../mail/ban-notices.js'
import { Notices } from '../mail/notices.js'
import { Outbox } from '../mail/outbox.js'
import type { Base } from './base.js'

const BANS_LOOKED_AT = 200

/** Tells people by mail what happened, and sends mails that wait, when there is an SMTP server in the settings. */
export function startMail(base: Base): void {
  const { installation, undo } = base
  const { mailing, log } = installation
  startNotices(base)
  if (!mailing.configured) return
  const outbox = new Outbox({
    store: mailing.store,
    clock: systemClock,
    log,
    send: (mail) => mailing.send(mail),
  })
  undo.add(async () => {
    await outbox.stop()
    await mailing.close()
  })
  outbox.start()
}

function startNotices({ installation, feed, undo }: Base): void {
  const { mailing, config, databases, allSoftphones, log } = installation
  const bans = new KnexBanStore(databases.events)
  const notices = new Notices({
    ...{ clock: systemClock, random: systemRandom, log },
    ...{ store: mailing.store, configured: mailing.configured, language: config.mailLanguage },
    bans: new BanNotices({
      ...{ snapshot: feed.snapshot, clock: systemClock },
      bans: (now) => bans.load(now, BANS_LOOKED_AT),
      lastMail: (siteId, kind) => mailing.store.lastMail(siteId, kind),
    }),
    audit: upToDate(new KnexAuditLog(databases.main), () => feed.refresh()),
    sources: async () => {
      const apps = await allSoftphones.apps()
      return {
        snapshot: feed.snapshot,
        modelName: (id) => installation.catalog.model(id)?.name ?? id,
        appName: (id) => apps.get(id)?.name ?? id,
      }
    },
  })
  undo.add(() => notices.stop())
  notices.start()
}
