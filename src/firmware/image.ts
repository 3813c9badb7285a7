import type { FirmwareImage } from '../domain/entities.js'

/** First segment of every firmware path that phones ask for. */
const FIRMWARE_PREFIX = 'firmware'

/** Where an image lies below the firmware folder, as its path says. */
export type ImagePlace = Pick<FirmwareImage, 'family' | 'model' | 'version' | 'fileName'>

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/

/**
 * True for a name that may be a folder or file of the firmware tree: letters, digits, `. _ + -`, not hidden, not
 * `..`-like, at most 128 characters. Such a name means the same in a URL, a TFTP request and a rendered config.
 */
export function isSafeSegment(name: string): boolean {
  return SEGMENT.test(name) && !name.includes('..')
}

/** Reads `<family>/<model>/<version>/<file>`; undefined when it has another shape or an unsafe name. */
export function parseImagePlace(segments: readonly string[]): ImagePlace | undefined {
  const [family, model, version, fileName] = segments
  if (segments.length !== 4 || !segments.every(isSafeSegment)) return undefined
  if (family === undefined || model === undefined || version === undefined || fileName === undefined) return undefined
  return { family, model, version, fileName }
}

/** The path that phones ask for, without a leading slash: `firmware/yealink/t21p-e2/52.84.0.125/T21P_E2.rom`. */
export function imagePath({ family, model, version, fileName }: ImagePlace): string {
  return `${FIRMWARE_PREFIX}/${family}/${model}/${version}/${fileName}`
}

/** Content type of a firmware file. Images are opaque; a manifest or checksum beside them is text. */
export function contentTypeOf(fileName: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''
  if (extension === 'xml') return 'text/xml; charset=utf-8'
  return ['txt', 'md5', 'sha256', 'cfg', 'htm'].includes(extension)
    ? 'text/plain; charset=utf-8'
    : 'application/octet-stream'
}

/**
 * Strong ETag of an image: from its SHA-256 once that is known, until then from size and time. Both kinds change when
 * the bytes do; the change from one kind to the other costs a phone one transfer at most.
 */
export function imageEtag(image: { sizeBytes: number; modifiedMs: number; sha256?: string | undefined }): string {
  return image.sha256 === undefined
    ? `"${image.sizeBytes.toString(16)}-${Math.floor(image.modifiedMs * 1000).toString(16)}"`
    : `"${image.sha256.slice(0, 32)}"`
}
