import { NO_MODULES } from '../catalog/key-modules.js'
import { keySheet, sheetWithModules } from '../catalog/key-sheet.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { drawFront, type Drawing, type Rect } from './island/drawing.js'

const DRAWN = new WeakMap<PhoneModel, Drawing>()

/** The front of a phone as its model's data says, without modules; drawn once per model. */
export function frontOf(model: PhoneModel): Drawing {
  let drawn = DRAWN.get(model)
  if (!drawn) DRAWN.set(model, (drawn = drawFront(sheetWithModules(keySheet(model), NO_MODULES))))
  return drawn
}

const number = (value: number): string => String(Math.round(value * 10) / 10)

function rect({ x, y, w, h }: Rect, kind: string, round: number): string {
  return `<rect class="front-${kind}" x="${number(x)}" y="${number(y)}" width="${number(w)}" height="${number(h)}" rx="${round}"/>`
}

/** SVG of a front, for the eye only: the model's name stands beside it. `small`: without keys and digits, for lists. */
export function frontSvg(
  { width, height, body, handset, screen, digits, board, keys }: Drawing,
  small: boolean,
): string {
  const shapes = [
    rect(body, 'body', 14),
    ...(board ? [rect(board, 'body', 8)] : []),
    rect(handset, 'handset', 12),
    rect(screen, 'screen', 5),
    ...(small ? [] : digits.map((one) => rect(one, 'key', 3))),
    ...(small ? [] : keys.map((one) => rect(one, one.lamp ? 'lamp' : 'key', 4))),
  ]
  const size = small ? 'front-small' : 'front-large'
  return `<svg class="${size}" viewBox="0 0 ${number(width)} ${number(height)}" aria-hidden="true">${shapes.join('')}</svg>`
}
