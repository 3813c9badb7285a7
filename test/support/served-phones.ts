import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Secret } from '../../src/domain/secret.js'
import { accountsOf, type PhoneAccount, type PhoneVendor } from '../../src/readers/phone-account.js'
import { READERS, type ReaderName } from '../../src/readers/index.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import type { Registration } from '../../src/simulator/registration.js'

/** One phone of each vendor, with the file that holds its accounts. */
export const VENDOR_PHONES = [
  { vendor: 'yealink', model: 'yealink/t21p-e2', mac: '805ec0000001', file: '805ec0000001.cfg' },
  { vendor: 'snom', model: 'snom/d120', mac: '000413820001', file: 'snomD120-000413820001.htm' },
  { vendor: 'grandstream', model: 'grandstream/gxp1628', mac: 'c074ad000001', file: 'cfgc074ad000001.xml' },
] as const

/** People for `count` phones and the phones: 101 has the first one. As a CSV for import. */
export function vendorPhonesCsv(): string {
  const rows = VENDOR_PHONES.map(({ mac, model }, index) => `${mac},${model},${101 + index},Person ${101 + index}`)
  return ['mac,model,extension,name', ...rows, ''].join('\n')
}

/** An answer with its whole body. */
export interface Fetched {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

/** GET (or another method) over http or https; our own certificate is not checked. */
export function fetchUrl(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:')
    const options = { method, headers, agent: false as const }
    const request = secure ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options)
    request.on('error', reject)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      )
    })
    request.end()
  })
}

const READER_OF: Readonly<Record<PhoneVendor, ReaderName>> = {
  yealink: 'yealink-cfg',
  snom: 'snom-xml',
  grandstream: 'grandstream-xml',
}

/** The accounts that a phone would have after loading this file, by the independent readers. */
export function accountsIn(vendor: PhoneVendor, bytes: Uint8Array): PhoneAccount[] {
  const read = READERS[READER_OF[vendor]](bytes)
  if (!read.ok) throw new Error(`unreadable ${vendor} file, line ${read.line}: ${read.reason}`)
  return accountsOf(vendor, read.entries).filter(({ active }) => active)
}

/** The first account of a served file. */
export async function servedAccount(vendor: PhoneVendor, url: string): Promise<PhoneAccount> {
  const { status, body } = await fetchUrl(url)
  const [account] = status === 200 ? accountsIn(vendor, body) : []
  if (!account) throw new Error(`${url}: no account (HTTP ${status})`)
  return account
}

/** Registers an account at a port of 127.0.0.1. @throws RegistrationFailure */
export function registerAccount(
  account: Pick<PhoneAccount, 'user' | 'authUser' | 'password' | 'server'>,
  port: number,
  { transport = 'udp', password }: { transport?: 'udp' | 'tcp'; password?: string } = {},
): Promise<Registration> {
  return registerPhone({
    serverAddress: '127.0.0.1',
    port,
    transport,
    user: account.user,
    authUser: account.authUser,
    password: password === undefined ? account.password : new Secret(password),
    domain: account.server,
    expires: 300,
    userAgent: 'phoneboot test',
  })
}
