import type { ProvisioningEvent } from '../domain/entities.js'

/** What speaks against a source, with its points and the words an admin reads. */
export const OFFENCES = {
  'unknown-phone': { points: 1, reason: 'asked for files of phones it has no right to, or that are not here' },
  'unknown-file': { points: 1, reason: 'asked for files that are not here' },
  upload: { points: 1, reason: 'tried to store files' },
  'hostile-path': { points: 10, reason: 'tried to climb out of the folder' },
  malformed: { points: 5, reason: 'sent what is no request' },
  slow: { points: 1, reason: 'held connections open without asking for anything' },
  'guessed-token': { points: 1, reason: 'tried codes of softphones that open nothing' },
  'bad-method': { points: 2, reason: 'used methods no phone uses' },
  scanner: { points: 50, reason: 'said it is a scanner' },
  'failing-users': { points: 1, reason: 'wrong passwords for many users' },
  'wrong-password': { points: 1, reason: 'wrong passwords for this user' },
  'attacked-user': {
    points: 1,
    reason: 'wrong passwords from many addresses: fewer tries for each address, nobody is locked',
  },
  'no-password': { points: 1, reason: 'many SIP requests without a password' },
} as const satisfies Record<string, { points: number; reason: string }>

export type OffenceKind = keyof typeof OFFENCES

/** Something that speaks against a source. */
export interface Offence {
  readonly kind: OffenceKind
  /** Normalised address. */
  readonly address: string
  readonly protocol: 'http' | 'tftp' | 'sip'
  /** Somebody at this address heard us: TCP, or a nonce that was sent there. A UDP source may be forged. */
  readonly proven: boolean
  /** The same again within the window counts once: a phone that asks again, a packet sent twice. */
  readonly sameAs?: string
  /** For the admin: a path, a user name. Hostile text. */
  readonly evidence: string
}

const KEY_LENGTH = 64

/** What a provisioning event says against its source; undefined for everything that speaks for it, or for nothing. */
export function offenceOf(event: ProvisioningEvent): Offence | undefined {
  const kind = kindOf(event)
  if (kind === undefined) return undefined
  const { transport, peer, path, mac } = event
  const what = kind === 'unknown-phone' ? mac : path.slice(0, KEY_LENGTH)
  return {
    kind,
    address: peer,
    protocol: transport === 'tftp' ? 'tftp' : 'http',
    proven: transport !== 'tftp',
    // Each attempt to climb counts: no phone makes any.
    ...(what === undefined || kind === 'hostile-path' ? {} : { sameAs: what }),
    evidence: path,
  }
}

function kindOf({ outcome, path, mac, deviceId }: ProvisioningEvent): OffenceKind | undefined {
  switch (outcome) {
    case 'served':
    case 'not-modified':
    case 'partial':
    case 'cleared':
    case 'last-good':
    case 'expected-miss':
    case 'failed':
      return undefined
    case 'refused-upload':
      return isHostilePath(path) ? 'hostile-path' : 'upload'
    case 'unknown-device':
    case 'blocked':
      return 'unknown-phone'
    case 'untrusted':
      // Known and unknown phones count alike.
      return mac === undefined ? 'unknown-file' : 'unknown-phone'
    case 'unknown-file':
      // A phone of ours that asks for a file its model does not have here.
      if (deviceId !== undefined) return undefined
      if (isHostilePath(path)) return 'hostile-path'
      return mac === undefined ? 'unknown-file' : 'unknown-phone'
  }
}

/** Dots and slashes in the spellings that decoders of others were fooled with. */
const SPELLINGS: readonly [RegExp, string][] = [
  // Overlong UTF-8, full-width and division-slash look-alikes.
  [/%(?:25)*(?:c0|e0%(?:25)*80|f0%(?:25)*80%(?:25)*80)%(?:25)*(?:ae|2e)/g, '.'],
  [/%(?:25)*(?:c0|e0%(?:25)*80|f0%(?:25)*80%(?:25)*80)%(?:25)*(?:af|2f)/g, '/'],
  [/%(?:25)*(?:c1)%(?:25)*(?:9c|1c)/g, '/'],
  [/\u00c0\u00ae|\u00c0\u002e/g, '.'],
  [/\u00c0\u00af|\u00c1\u009c/g, '/'],
  [/%u002e|%uff0e|\uff0e|%(?:25)*ef%(?:25)*bc%(?:25)*8e/g, '.'],
  [/%u002f|%u2215|%u2216|%uff0f|%u005c|%uff3c|\uff0f|\uff3c|\u2215|\u2216/g, '/'],
  [/%(?:25)*ef%(?:25)*bc%(?:25)*(?:8f|bc)|%(?:25)*e2%(?:25)*88%(?:25)*(?:95|96)/g, '/'],
  [/%(?:25)*2e/g, '.'],
  [/%(?:25)*(?:2f|5c)/g, '/'],
  [/\\/g, '/'],
]

/** Does this path climb (`..`) in any spelling, name a device of Windows, or hold a NUL? Asked of refused paths only. */
export function isHostilePath(path: string): boolean {
  const plain = SPELLINGS.reduce((text, [spelling, meant]) => text.replace(spelling, meant), path.toLowerCase())
  if (/\0|%(?:25)*00/.test(plain)) return true
  return (
    plain.split('/').some((segment) => /^\.\.+(?:[;%].*)?$|^\.\.[ .\t]+$/.test(segment)) || /^\/*[a-z]:\//.test(plain)
  )
}
