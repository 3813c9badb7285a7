/** Port numbers of the running listeners. */
export interface Ports {
  http: number
  https: number
  tftp: number
  sip: number
  /** SIP over TLS. */
  sips: number
  admin: number
}
