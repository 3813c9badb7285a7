// Small multiples of lines over time as SVG, readable on a light and on a dark page. Pure.
const WIDTH = 380
const HEIGHT = 190
const PLOT = { left: 56, right: 14, top: 34, bottom: 28 }
const COLUMNS = 2

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; fill: #1f2328 }
  .grid { stroke: #8c959f; stroke-opacity: 0.35 }
  .warm { fill: #8c959f; fill-opacity: 0.14 }
  .line { fill: none; stroke: #0969da; stroke-width: 1.6; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title { fill: #f0f6fc }
    .line { stroke: #58a6ff }
  }`

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const round = (value) => Number(value.toFixed(1))

/** 1, 2 or 5 times a power of ten, so that about four steps reach the top. */
function stepFor(top) {
  const rough = Math.max(top, 1e-9) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
}

function panel({ title, points }, warmUpUntil, lastX) {
  const [width, height] = [WIDTH - PLOT.left - PLOT.right, HEIGHT - PLOT.top - PLOT.bottom]
  const step = stepFor(Math.max(...points.map(([, y]) => y)) * 1.05)
  const top = step * Math.ceil((Math.max(...points.map(([, y]) => y)) * 1.05) / step) || step
  const x = (value) => round(PLOT.left + (value / lastX) * width)
  const y = (value) => round(PLOT.top + height - (value / top) * height)
  const rows = Array.from({ length: Math.round(top / step) + 1 }, (_, n) => Number((n * step).toPrecision(6)))
  const columnStep = Math.max(stepFor(lastX), 0.1)
  const columns = Array.from({ length: Math.floor(lastX / columnStep + 1e-9) + 1 }, (_, n) =>
    Number((n * columnStep).toPrecision(6)),
  )
  return [
    `<text class="title" x="${PLOT.left}" y="20">${escape(title)}</text>`,
    `<rect class="warm" x="${x(0)}" y="${PLOT.top}" width="${round(x(warmUpUntil) - x(0))}" height="${height}"/>`,
    ...rows.map(
      (value) =>
        `<line class="grid" x1="${x(0)}" x2="${x(lastX)}" y1="${y(value)}" y2="${y(value)}"/>` +
        `<text x="${PLOT.left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
    ),
    ...columns.map((value) => `<text x="${x(value)}" y="${HEIGHT - 10}" text-anchor="middle">${value}</text>`),
    `<polyline class="line" points="${points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')}"/>`,
  ].join('\n')
}

/**
 * `panels`: `{ title, points: [[x, y], ...] }`; every y axis begins at 0. What lies before `warmUpUntil` is shaded;
 * `caption` is for readers who do not see the picture.
 */
export function lineCharts(panels, { warmUpUntil, caption }) {
  const lastX = Math.max(...panels.flatMap(({ points }) => points.map(([x]) => x)))
  const placed = panels.map((one, n) => {
    const at = `translate(${(n % COLUMNS) * WIDTH} ${Math.floor(n / COLUMNS) * HEIGHT})`
    return `<g transform="${at}">\n${panel(one, warmUpUntil, lastX)}\n</g>`
  })
  const size = [WIDTH * COLUMNS, HEIGHT * Math.ceil(panels.length / COLUMNS)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="0 0 ${size.join(' ')}" role="img">`,
    `<title>${escape(caption)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...placed,
    '</svg>',
    '',
  ].join('\n')
}
