import { buttonsOf, type KeyBlock, type KeySheet } from '../../catalog/key-sheet.js'
import type { Place } from './key.js'

/*
 * The front of a phone, from what its model says: how many keys, beside which part of the phone, on how many pages.
 * Units are those of the drawing's own view box.
 */

export interface Rect {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** A key as it is drawn. The text stands in a box of its own: on the display, or on the key. */
export interface DrawnKey extends Rect, Place {
  readonly block: string
  readonly lamp: boolean
  readonly text: Rect & { readonly end: boolean }
}

export interface Drawing {
  readonly width: number
  readonly height: number
  readonly body: Rect
  readonly handset: Rect
  readonly screen: Rect
  /** Digits; for the eye only. */
  readonly digits: readonly Rect[]
  readonly board: Rect | undefined
  readonly keys: readonly DrawnKey[]
}

const MARGIN = 14
const HANDSET = 44
const SIDE_KEY = { w: 34, h: 26 }
const SIDE_ROW = 36
const SCREEN_W = 264
const SIDE_LABEL_W = 124
const CELL = { w: 116, h: 30, gap: 6 }
const SOFT_H = 26
const DIGIT = { w: 34, h: 16, gap: 6 }
const PAD_H = 22

/** Pages of a block, each as many keys as it has buttons. */
export function pagesOf(block: KeyBlock): number {
  return Math.ceil(block.places.length / buttonsOf(block))
}

/** @param pages page that is shown of each block, from 0; blocks left out show their first */
export function drawFront({ front }: KeySheet, pages: Readonly<Record<string, number>> = {}): Drawing {
  const shown = front.blocks.map((block) => ({ block, places: placesOn(block, pages[block.name] ?? 0) }))
  const at = (...sites: KeyBlock['at'][]): typeof shown => shown.filter(({ block }) => sites.includes(block.at))
  const hasLeft = at('left', 'sides').length > 0
  const hasRight = at('right', 'sides').length > 0
  const rows = Math.max(3, ...at('left', 'right', 'sides').map(({ block }) => block.rows))
  const screenX = MARGIN + HANDSET + 2 * MARGIN + (hasLeft ? SIDE_KEY.w + 6 : 0)
  const screen: Rect = { x: screenX, y: 2 * MARGIN, w: SCREEN_W, h: rows * SIDE_ROW + 8 }
  const keys: DrawnKey[] = []
  for (const one of at('left', 'right', 'sides')) keys.push(...besideScreen(one, screen))
  let y = screen.y + screen.h + 8
  for (const one of at('below')) {
    keys.push(...grid(one, { x: screen.x, y, w: screen.w / one.block.columns - 4, h: SOFT_H }, 4))
    y += one.block.rows * (SOFT_H + 4) + 4
  }
  const digits = digitRects(screen.x + (screen.w - 3 * DIGIT.w - 2 * DIGIT.gap) / 2, y + 4)
  y += 4 * (DIGIT.h + DIGIT.gap) + 8
  for (const one of at('pad')) {
    keys.push(...grid(one, { x: screen.x, y, w: screen.w / one.block.columns - 4, h: PAD_H }, 4))
    y += one.block.rows * (PAD_H + 4) + 4
  }
  let x = screen.x + screen.w + (hasRight ? SIDE_KEY.w + 6 : 0) + 2 * MARGIN
  let bottom = y
  for (const one of at('column')) {
    keys.push(...grid(one, { x, y: 2 * MARGIN, w: CELL.w, h: CELL.h }, CELL.gap))
    x += one.block.columns * (CELL.w + CELL.gap) + MARGIN
    bottom = Math.max(bottom, 2 * MARGIN + one.block.rows * (CELL.h + CELL.gap))
  }
  const body: Rect = { x: MARGIN / 2, y: MARGIN / 2, w: x - MARGIN / 2, h: bottom + MARGIN / 2 }
  const boards = at('board')
  let boardX = body.x + body.w + MARGIN
  let boardBottom = body.y + body.h
  for (const one of boards) {
    keys.push(...grid(one, { x: boardX + MARGIN, y: 2 * MARGIN, w: CELL.w, h: CELL.h }, CELL.gap))
    boardX += one.block.columns * (CELL.w + CELL.gap) + 2 * MARGIN
    boardBottom = Math.max(boardBottom, 2 * MARGIN + one.block.rows * (CELL.h + CELL.gap) + MARGIN)
  }
  const board =
    boards.length === 0
      ? undefined
      : {
          x: body.x + body.w + MARGIN / 2,
          y: body.y,
          w: boardX - body.x - body.w - MARGIN / 2,
          h: boardBottom - body.y,
        }
  const handset = { x: 1.5 * MARGIN, y: 1.5 * MARGIN, w: HANDSET, h: body.h - 2 * MARGIN }
  return {
    width: (board ? board.x + board.w : body.x + body.w) + MARGIN / 2,
    height: Math.max(body.y + body.h, boardBottom) + MARGIN / 2,
    ...{ body, handset, screen, digits, board, keys },
  }
}

interface Shown {
  readonly block: KeyBlock
  readonly places: readonly Place[]
}

function placesOn(block: KeyBlock, page: number): readonly Place[] {
  const buttons = buttonsOf(block)
  return block.places.slice(page * buttons, (page + 1) * buttons)
}

function drawn({ block }: Shown, place: Place, rect: Rect, text: DrawnKey['text']): DrawnKey {
  const { bank, position } = place
  return { bank, position, ...rect, block: block.name, lamp: block.lamp, text }
}

/** Keys at the edges of the display, their labels on it; `sides`: the first half on the left. */
function besideScreen(one: Shown, screen: Rect): DrawnKey[] {
  const { at, rows } = one.block
  const right = screen.x + screen.w
  return one.places.map((place, index) => {
    const isRight = at === 'right' || (at === 'sides' && index >= rows)
    const row = at === 'sides' ? index % rows : index
    const y = screen.y + 4 + row * SIDE_ROW + (SIDE_ROW - SIDE_KEY.h) / 2
    const x = isRight ? right + 6 : screen.x - 6 - SIDE_KEY.w
    const w = at === 'sides' ? SIDE_LABEL_W : SCREEN_W - 16
    const text = { x: isRight ? right - 8 - w : screen.x + 8, y: screen.y + 4 + row * SIDE_ROW, w, h: SIDE_ROW }
    return drawn(one, place, { x, y, ...SIDE_KEY }, { ...text, end: isRight })
  })
}

/** Keys with their labels on them, downwards first; a single row runs across. */
function grid(one: Shown, first: Rect, gap: number): DrawnKey[] {
  const { rows } = one.block
  return one.places.map((place, index) => {
    const rect = {
      ...first,
      x: first.x + Math.floor(index / rows) * (first.w + gap),
      y: first.y + (index % rows) * (first.h + gap),
    }
    return drawn(one, place, rect, { ...rect, end: false })
  })
}

function digitRects(x: number, y: number): Rect[] {
  return Array.from({ length: 12 }, (_, index) => ({
    x: x + (index % 3) * (DIGIT.w + DIGIT.gap),
    y: y + Math.floor(index / 3) * (DIGIT.h + DIGIT.gap),
    w: DIGIT.w,
    h: DIGIT.h,
  }))
}
