import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { Office } from './office.js'

export interface Got {
  status: number
  body: string
  cookie: string | undefined
  location: string | undefined
}

export interface Question {
  method?: string
  form?: Record<string, string>
  cookie?: string
  http?: boolean
  headers?: Record<string, string>
}

/** A browser asks for an own page on the phones' listeners, whose certificate it takes as it is. */
export function askOwnPage({ ports }: Pick<Office, 'ports'>, path: string, question: Question = {}): Promise<Got> {
  const { method = 'GET', form, cookie, http = false, headers: more = {} } = question
  const body = form && new URLSearchParams(form).toString()
  return new Promise((resolve, reject) => {
    const headers = {
      Accept: 'text/html',
      'User-Agent': 'Mozilla/5.0',
      ...more,
      ...(cookie === undefined ? {} : { Cookie: cookie }),
      ...(body === undefined
        ? {}
        : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length }),
    }
    const base = http ? `http://127.0.0.1:${ports.http}` : `https://127.0.0.1:${ports.https}`
    const agent = http ? {} : { agent: new Agent({ rejectUnauthorized: false }) }
    const sent = (http ? httpRequest : httpsRequest)(`${base}${path}`, { method, headers, ...agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => {
        const [set] = response.headers['set-cookie'] ?? []
        resolve({
          status: response.statusCode ?? 0,
          body: text,
          cookie: set?.split(';')[0],
          location: response.headers.location,
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
