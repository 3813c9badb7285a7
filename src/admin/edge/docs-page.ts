import { API_PATH } from './api.js'
import type { Route } from '../route.js'

/** The table of routes as a page: no script, nothing from elsewhere, readable without signing in. */
export function docsPage(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))]
  const sections = tags.map((tag) => {
    const rows = routes.filter((route) => route.tag === tag).map(rowOf)
    return `<h2>${escaped(tag)}</h2>\n<table><tr><th>Request<th>What it does<th>Right</tr>\n${rows.join('\n')}\n</table>`
  })
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>phoneboot API</title>
<link rel="stylesheet" href="${API_PATH}/docs.css">
<h1>phoneboot API</h1>
<p>Below <code>${API_PATH}</code>. For programs: <a href="${API_PATH}/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${sections.join('\n')}
</html>
`
}

function rowOf({ method, path, summary, access, scope, params, query, conditional }: Route): string {
  const names = [...Object.keys(params.shape).map(() => ''), ...Object.keys(query.shape)].filter((name) => name !== '')
  const asked = names.length > 0 ? `<br><small>?${escaped(names.join(' '))}</small>` : ''
  const match = conditional ? ' <small>If-Match</small>' : ''
  const right = scope === 'server' ? `${access} for all sites` : access
  const request = `<code>${method.toUpperCase()} ${escaped(path)}</code>`
  return `<tr><td>${request}${match}${asked}<td>${escaped(summary)}<td>${escaped(right)}</tr>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

export const DOCS_CSS = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; }
td:first-child { overflow-wrap: anywhere; width: 38%; }
`
