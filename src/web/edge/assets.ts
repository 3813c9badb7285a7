import type { RequestHandler } from 'express'
import type { Asset } from './web-files.js'

/** The bytes to send to somebody who takes these packings, and how they are packed. */
export function packedFor(asset: Asset, accepted: string): { body: Buffer; packing?: 'br' | 'gzip' } {
  const takes = (packing: string): boolean =>
    accepted
      .toLowerCase()
      .split(',')
      .map((part) => part.split(';').map((one) => one.trim()))
      .some(([name, ...weights]) => name === packing && !weights.some((weight) => /^q=0(\.0*)?$/.test(weight)))
  if (takes('br')) return { body: asset.brotli, packing: 'br' }
  return takes('gzip') ? { body: asset.gzip, packing: 'gzip' } : { body: asset.plain }
}

/** Packed as the browser likes it, and kept by it for a year. */
export function serveAssets(assets: ReadonlyMap<string, Asset>): RequestHandler {
  return (request, response, next) => {
    const asset = request.method === 'GET' || request.method === 'HEAD' ? assets.get(request.path.slice(1)) : undefined
    if (!asset) {
      next()
      return
    }
    const { body, packing } = packedFor(asset, request.headers['accept-encoding'] ?? '')
    if (packing) response.set('Content-Encoding', packing)
    response.set({
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
    })
    response.send(body)
  }
}
