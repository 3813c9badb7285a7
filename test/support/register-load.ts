import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { headerValue, headerValues, type SipResponse } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { accountsIn, fetchUrl } from './served-phones.js'
import { authorizationFor, registerText } from './sip-requests.js'

/** An account of a config that was served. */
export interface LoadAccount {
  user: string
  authUser: string
  password: string
  domain: string
}

/** What a REGISTER asked for. */
export interface Wish {
  cseq: number
  /** False: it took the binding back. */
  present: boolean
}

/** What a phone knows of its registration: what was granted, and what was asked for since without an answer. */
export interface Known {
  granted: Wish
  open: Wish[]
}

const RESEND_MS = 500
/** How much of the pace is made up for when this process, or the server, could not keep it for a while. */
const CATCH_UP_MS = 1_000
/** Every so many REGISTERs of a phone is one that takes the binding back. */
const UNREGISTER_EVERY = 5

/** `count` Yealink phones for import: extensions 200 and up. */
export function loadPhones(count: number): { csv: string; files: string[] } {
  const macs = Array.from({ length: count }, (_, n) => `805ec0${(0x10_000 + n).toString(16).padStart(6, '0')}`)
  const rows = macs.map((mac, n) => `${mac},yealink/t21p-e2,${200 + n},Load ${n}`)
  return { csv: ['mac,model,extension,name', ...rows, ''].join('\n'), files: macs.map((mac) => `${mac}.cfg`) }
}

/** Fetches the configs, as the phones do, and reads the accounts. */
export async function fetchAccounts(http: string, files: readonly string[]): Promise<LoadAccount[]> {
  const accounts: LoadAccount[] = []
  for (const file of files) {
    const { body } = await fetchUrl(`${http}/${file}`)
    const [account] = accountsIn('yealink', body)
    if (!account) throw new Error(`${file} has no account`)
    const { user, authUser, password, server } = account
    accounts.push({ user, authUser, password: password.reveal(), domain: server })
  }
  return accounts
}

/** Phones that register and unregister as fast as they are answered, or at a pace, and remember what they were told. */
export class RegisterLoad {
  /** By user. */
  readonly known = new Map<string, Known>()
  /** REGISTERs that were granted. */
  granted = 0
  /** Those of them that asked for a binding; to take none back needs no disk. */
  registered = 0
  /** Final answers that were no grant, by status; 401 left out. */
  readonly refused = new Map<number, number>()
  /** Seconds that refusals told the phone to wait; 0 when they did not. */
  readonly retryAfter: number[] = []
  readonly #waiting = new Map<string, (text: string) => void>()
  #socket: Socket | undefined
  #stopped = false
  #cseq = 0
  #nextAt = 0

  /** @param perSecond registrations to begin in a second, all phones together; left out: as fast as they are answered */
  constructor(
    private readonly accounts: readonly LoadAccount[],
    private readonly perSecond = Infinity,
  ) {
    for (const { user } of accounts) this.known.set(user, { granted: { cseq: 0, present: false }, open: [] })
  }

  /** Runs until `stop`; `wanted` grants end it, too. */
  async run(port: number, wanted = Infinity): Promise<void> {
    this.#stopped = false
    this.#nextAt = performance.now()
    const socket = createSocket('udp4')
    this.#socket = socket
    socket.on('message', (data) => {
      const text = data.toString('latin1')
      this.#waiting.get(/^CSeq: *(\d+)/m.exec(text)?.[1] ?? '')?.(text)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const end = this.granted + wanted
    await Promise.all(
      this.accounts.map(async (account) => {
        while (!this.#stopped && this.granted < end) {
          await this.#turn()
          await this.#registerOnce(account, port)
        }
      }),
    )
    this.#stopped = true
    socket.close()
  }

  stop(): void {
    this.#stopped = true
    for (const resolve of [...this.#waiting.values()]) resolve('')
  }

  async #turn(): Promise<void> {
    if (this.perSecond === Infinity) return
    const now = performance.now()
    const at = Math.max(this.#nextAt, now - CATCH_UP_MS)
    this.#nextAt = at + 1_000 / this.perSecond
    if (at > now) await new Promise((resolve) => setTimeout(resolve, at - now))
  }

  async #registerOnce(account: LoadAccount, port: number): Promise<void> {
    const known = this.known.get(account.user)
    if (!known) return
    const challenge = await this.#ask(account, port, (this.#cseq += 1), undefined, true)
    const parsed = parseDatagram(challenge)
    if (parsed.kind !== 'response') return
    const challenges = headerValues(parsed.response, 'WWW-Authenticate')
    if (challenges.length === 0) return this.#note(parsed.response)
    const cseq = (this.#cseq += 1)
    const present = cseq % UNREGISTER_EVERY !== 0
    const authorization = authorizationFor(challenges, account.authUser, account.password, {
      uri: `sip:${account.domain}`,
    })
    const wish = { cseq, present }
    known.open.push(wish)
    const answer = parseDatagram(await this.#ask(account, port, cseq, authorization, present))
    if (answer.kind !== 'response') return
    if (answer.response.status !== 200) return this.#note(answer.response)
    this.granted += 1
    if (present) this.registered += 1
    known.granted = wish
    known.open = []
  }

  #note(response: SipResponse): void {
    this.refused.set(response.status, (this.refused.get(response.status) ?? 0) + 1)
    this.retryAfter.push(Number(headerValue(response, 'Retry-After') ?? 0))
  }

  /** Sends until there is an answer; an empty one when the load was stopped. */
  #ask(
    { user, domain }: LoadAccount,
    port: number,
    cseq: number,
    authorization: string | undefined,
    present: boolean,
  ): Promise<string> {
    const text = registerText({
      ...{ domain, user, cseq, callId: `load-${user}-${cseq}`, branch: `z9hG4bKload${cseq}` },
      contact: `<sip:${user}@127.0.0.1:5999>`,
      expires: present ? 3600 : 0,
      ...(authorization === undefined ? {} : { authorization }),
    })
    return new Promise((resolve) => {
      const send = (): void => this.#socket?.send(text, port, '127.0.0.1', () => undefined)
      const resend = setInterval(send, RESEND_MS)
      const done = (answer: string): void => {
        clearInterval(resend)
        this.#waiting.delete(String(cseq))
        resolve(answer)
      }
      this.#waiting.set(String(cseq), done)
      if (this.#stopped) done('')
      else send()
    })
  }
}
