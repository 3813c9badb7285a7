/**
 * May a web page of this origin (RFC 6454) open a SIP connection here? What browsers send cannot be forged by the page;
 * a Host header would say nothing, since any name can be made to lead here.
 * @param allowed origins in lower case, or all
 * @param ownHosts names and addresses of this server
 */
export function mayBeOpenedBy(
  origin: string,
  allowed: 'all' | readonly string[],
  ownHosts: readonly string[],
): boolean {
  if (allowed === 'all' || allowed.includes(origin.toLowerCase())) return true
  if (!URL.canParse(origin)) return false
  const host = new URL(origin).hostname.replace(/^\[|\]$/g, '')
  return host !== '' && ownHosts.some((own) => own.toLowerCase() === host)
}
