import { createPrivateKey, X509Certificate } from 'node:crypto'
import type * as Selfsigned from 'selfsigned'
import type { CertificateNames, Issued, Validity } from '../names.js'
import { parseSubjectAltName } from '../names.js'

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  cert: string
  key: string
}

/** An own certification authority: P-256, may sign server certificates only directly. */
export async function issueCa(validity: Validity, mark: string): Promise<KeyPair> {
  return generate(`phoneboot CA ${mark}`, validity, [
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ])
}

/** A server certificate for `names`, P-256, signed by `ca`. */
export async function issueLeaf(names: CertificateNames, validity: Validity, ca: KeyPair): Promise<KeyPair> {
  const altNames = [
    ...names.dns.map((value) => ({ type: 2 as const, value })),
    ...names.addresses.map((ip) => ({ type: 7 as const, ip })),
  ]
  const extensions: Extensions = [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ]
  // The names that count are the alternative ones; a common name may have 64 characters at most.
  return generate('phoneboot', validity, extensions, ca)
}

type Extensions = NonNullable<NonNullable<Parameters<typeof Selfsigned.generate>[1]>['extensions']>

async function generate(
  commonName: string,
  { notBefore, notAfter }: Validity,
  extensions: Extensions,
  ca?: KeyPair,
): Promise<KeyPair> {
  // Loaded when needed: it is large, and most starts find their certificates on disk. A CommonJS package: in the
  // bundled program only the default holds what it exports.
  const { default: selfsigned } = await import('selfsigned')
  const made = await selfsigned.generate(
    [
      { name: 'commonName', value: commonName },
      { shortName: 'O', value: 'phoneboot' },
    ],
    {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      notBeforeDate: new Date(notBefore),
      notAfterDate: new Date(notAfter),
      extensions,
      ...(ca ? { ca } : {}),
    },
  )
  return { cert: withNewline(made.cert), key: withNewline(made.private) }
}

function withNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`
}

/** What the first certificate in the file says of itself. @throws when it is no certificate, or not the key's */
export function inspectPair({ cert, key }: KeyPair): Issued & { isIssuedBy(caPem: string): boolean } {
  const parsed = new X509Certificate(cert)
  if (!parsed.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is not the key of the certificate')
  return {
    names: parseSubjectAltName(parsed.subjectAltName),
    notBefore: Date.parse(parsed.validFrom),
    notAfter: Date.parse(parsed.validTo),
    isIssuedBy: (caPem) => parsed.verify(new X509Certificate(caPem).publicKey),
  }
}
