import type { RequestHandler } from 'express'
import type { Asset } from './web-files.js'

/** Packed as the browser likes it, and kept by it for a year. */
export function serveAssets(assets: ReadonlyMap<string, Asset>): RequestHandler {
  return (request, response, next) => {
    const asset = request.method === 'GET' || request.method === 'HEAD' ? assets.get(request.path.slice(1)) : undefined
    if (!asset) {
      next()
      return
    }
    const packed = request.acceptsEncodings('br', 'gzip')
    const body = packed === 'br' ? asset.brotli : packed === 'gzip' ? asset.gzip : asset.plain
    if (packed !== false) response.set('Content-Encoding', packed)
    response.set({
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
    })
    response.send(body)
  }
}
