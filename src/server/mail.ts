import { systemClock } from '../domain/edge/system-clock.js'
import { Outbox } from '../mail/outbox.js'
import type { Base } from './base.js'

/** Sends mails that wait, when there is an SMTP server in the settings. */
export function startMail({ installation, undo }: Base): void {
  const { mailing, log } = installation
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
