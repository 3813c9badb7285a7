/** Modules of white around the code: phones need four (ISO/IEC 18004). */
const MARGIN = 4
/** Dark on white, whatever the page looks like: cameras do not read light on dark. */
const OPTIONS = { errorCorrectionLevel: 'M', margin: MARGIN } as const

/** Pixels of a module of a PNG. */
const SCALE = 8

/** The code as a picture that can be put into a page; it has no width or height of its own. */
export async function qrSvg(text: string): Promise<string> {
  const { default: qr } = await import('qrcode')
  return await qr.toString(text, { ...OPTIONS, type: 'svg' })
}

export async function qrPng(text: string): Promise<Buffer> {
  const { default: qr } = await import('qrcode')
  return await qr.toBuffer(text, { ...OPTIONS, scale: SCALE })
}

/** The code in letters, for a terminal: two modules per sign. */
export async function qrTerminal(text: string): Promise<string> {
  const { default: qr } = await import('qrcode')
  return await qr.toString(text, { ...OPTIONS, type: 'utf8' })
}
