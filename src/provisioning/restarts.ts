/**
 * Settings that phones restart for, once they have fetched a file that says otherwise: network and web server (Yealink
 * marks these parameters "require reboot"; Snom and Grandstream do the same), and of course another firmware.
 */
const RESTARTING: ReadonlySet<string> = new Set(['vlanId', 'vlanPriority', 'webAccess', 'firmwareVersion'])

/** The same among the vendors' own parameters, as far as their guides say. */
const RESTARTING_RAW =
  /^raw\.(yealink\.(static\.)?(network|wui)\.|snom\.(vlan|webserver|http_port|https_port)|grandstream\.(P51|P87|P901|P1650)$)/

/** True when phones restart by themselves to take this setting up. */
export function restartsFor(key: string): boolean {
  return RESTARTING.has(key) || RESTARTING_RAW.test(key)
}
