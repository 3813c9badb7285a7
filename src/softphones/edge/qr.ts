import { crc32, deflateSync } from 'node:zlib'

/** Modules of white around the code: phones need four (ISO/IEC 18004). */
const MARGIN = 4
/** Pixels of a module of a PNG. */
const SCALE = 8

/** Dark modules of a code with its margin, row by row. */
interface Modules {
  size: number
  isDark(row: number, column: number): boolean
}

async function modulesOf(text: string): Promise<Modules> {
  const { default: qr } = await import('qrcode')
  const { modules } = qr.create(text, { errorCorrectionLevel: 'M' })
  const inside = modules.size
  return {
    size: inside + 2 * MARGIN,
    isDark: (row, column) => {
      const [y, x] = [row - MARGIN, column - MARGIN]
      return y >= 0 && x >= 0 && y < inside && x < inside && modules.data[y * inside + x] === 1
    },
  }
}

/**
 * The code as a drawing that can be put into a page: dark on white, whatever the page looks like, for cameras do not
 * read light on dark. Saved and opened by itself it is as large as the picture; a page may make it smaller.
 */
export async function qrSvg(text: string): Promise<string> {
  const { size, isDark } = await modulesOf(text)
  let path = ''
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (!isDark(row, column)) continue
      const from = column
      while (isDark(row, column + 1)) column += 1
      path += `M${from} ${row}h${column - from + 1}v1H${from}z`
    }
  }
  const width = size * SCALE
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#ffffff" d="M0 0h${size}v${size}H0z"/><path fill="#000000" d="${path}"/></svg>`
}

/** The code as a picture of one bit per pixel. */
export async function qrPng(text: string): Promise<Buffer> {
  const { size, isDark } = await modulesOf(text)
  const width = size * SCALE
  // A module is as wide as a byte has bits, so each is one byte; each row begins with the filter "none".
  const rows = Buffer.alloc(width * (size + 1), 0xff)
  for (let row = 0; row < size; row += 1) {
    const line = Buffer.alloc(size + 1, 0xff)
    line[0] = 0
    for (let column = 0; column < size; column += 1) if (isDark(row, column)) line[column + 1] = 0
    for (let n = 0; n < SCALE; n += 1) line.copy(rows, (row * SCALE + n) * (size + 1))
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(width, 4)
  // One bit, greyscale.
  header[8] = 1
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A chunk of a PNG (W3C PNG, 5.3). */
function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

/** The code in letters, for a terminal: two modules per sign, white drawn, as terminals are dark. */
export async function qrTerminal(text: string): Promise<string> {
  const { size, isDark } = await modulesOf(text)
  const signs = [' ', '▄', '▀', '█']
  const lines: string[] = []
  for (let row = 0; row < size; row += 2) {
    let line = ''
    for (let column = 0; column < size; column += 1) {
      const upper = isDark(row, column) ? 0 : 2
      const lower = row + 1 < size && isDark(row + 1, column) ? 0 : 1
      line += signs[upper + lower] ?? ' '
    }
    lines.push(line)
  }
  return lines.join('\n')
}
