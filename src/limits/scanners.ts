/** User-Agents that scanners have as they come. The newer ones call themselves phones: the name is a hint only. */
const SCANNER_NAMES = [
  'friendly-scanner',
  'friendly-request',
  'sipvicious',
  'sipcli',
  'sip-scan',
  'sipscan',
  'sundayddr',
  'iwar',
  'vaxsipuseragent',
  'pplsip',
]

/**
 * Reads a list of names, parted by commas; `none` means no name.
 * @returns a test of User-Agents, upper and lower case alike
 */
export function scannerTest(names: string | undefined): (userAgent: string | undefined) => boolean {
  const list = (names?.split(',') ?? SCANNER_NAMES)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  if (list.length === 0 || (list.length === 1 && list[0] === 'none')) return () => false
  return (userAgent) => {
    if (userAgent === undefined) return false
    const said = userAgent.toLowerCase()
    return list.some((name) => said.includes(name))
  }
}
