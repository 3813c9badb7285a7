import { useComputed, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import type { PlacedKey } from '../../../catalog/key-bank.js'
import { drawFront, pagesOf, type DrawnKey, type Rect } from '../drawing.js'
import { placesFor } from '../placed.js'
import { firstKind } from './key-list.js'
import { moveByKeyboard, useDragging } from './moving.js'
import type { Surroundings } from './surroundings.js'

const PAGE_WORDS = ['screen', 'lamps', 'board']

/** The front of the phone, each key with what it shows. */
export function PhoneDrawing({ around }: { around: Surroundings }): preact.JSX.Element {
  const { t } = around
  const pages = useSignal<Readonly<Record<string, number>>>({})
  const { sheet } = around
  const drawing = useComputed(() => {
    const { blocks } = sheet.value.front
    const shown = Object.fromEntries(
      blocks.map((block) => [block.name, Math.min(pages.value[block.name] ?? 0, pagesOf(block) - 1)]),
    )
    return { shown, ...drawFront(sheet.value, shown) }
  })
  const placed = useComputed(
    () =>
      new Map(
        Object.values(around.layout.value.banks)
          .flat()
          .map((key) => [at(key), key]),
      ),
  )
  const active = useSignal<string | undefined>(undefined)
  const svg = useRef<SVGSVGElement>(null)
  const dragging = useDragging(around)
  const { width, height, body, handset, screen, digits, board, keys, shown } = drawing.value
  const current = keys.some((key) => at(key) === active.value) ? active.value : keys[0] && at(keys[0])
  const isNarrow = matchMedia('(max-width: 767.98px)').matches
  const goOn = (from: DrawnKey, by: 1 | -1): void => {
    const next = keys[keys.indexOf(from) + by]
    if (!next) return
    active.value = at(next)
    svg.current?.querySelector<SVGElement>(`[data-place="${at(next)}"]`)?.focus()
  }
  return (
    <div class="card mb-3">
      <div class="card-body">
        <h2 class="card-title" id="phone-title">
          {around.sheet.value.name}
        </h2>
        {sheet.value.front.blocks
          .filter((block) => pagesOf(block) > 1)
          .map((block) => (
            <PageButtons
              key={block.name}
              around={around}
              title={t(`keys.pages.${PAGE_WORDS.includes(block.name) ? block.name : 'other'}`)}
              count={pagesOf(block)}
              page={shown[block.name] ?? 0}
              onPage={(page) => (pages.value = { ...pages.value, [block.name]: page })}
            />
          ))}
        <div
          class="phone-scroll"
          // A part that can be scrolled must be reachable by keyboard.
          {...(isNarrow ? { tabindex: 0, role: 'region', 'aria-labelledby': 'phone-title' } : {})}
        >
          <svg
            class="phone-front"
            viewBox={`0 0 ${width} ${height}`}
            role="group"
            aria-label={t('keys.drawing', { model: around.sheet.value.name })}
            ref={svg}
          >
            <Box of={body} class="phone-body" round={18} />
            {board && <Box of={board} class="phone-body" round={14} />}
            <Box of={handset} class="phone-part" round={20} />
            <Box of={screen} class="phone-screen" round={6} />
            {digits.map((digit) => (
              <Box key={`${digit.x} ${digit.y}`} of={digit} class="phone-part" round={6} />
            ))}
            {keys.map((key) => (
              <PhoneKey
                key={at(key)}
                around={around}
                drawn={key}
                placed={placed.value.get(at(key))}
                isCurrent={at(key) === current}
                onFocus={() => (active.value = at(key))}
                onArrow={(by) => goOn(key, by)}
                dragging={dragging}
              />
            ))}
          </svg>
        </div>
        <p class="form-hint mb-0">
          {t('keys.lamps')} {sheet.value.front.schematic && t('keys.schematic')}
        </p>
      </div>
    </div>
  )
}

function at({ bank, position }: { bank: string; position: number }): string {
  return `${bank} ${position}`
}

function Box({ of, class: name, round }: { of: Rect; class: string; round: number }): preact.JSX.Element {
  return <rect class={name} x={of.x} y={of.y} width={of.w} height={of.h} rx={Math.min(round, of.h / 2)} />
}

interface PagesProps {
  around: Surroundings
  title: string
  count: number
  page: number
  onPage(page: number): void
}

function PageButtons({ around, title, count, page, onPage }: PagesProps): preact.JSX.Element {
  return (
    <div class="key-pages" role="group" aria-label={title}>
      <span aria-hidden="true">{title}</span>
      {Array.from({ length: count }, (_, index) => (
        <button
          key={index}
          type="button"
          class={`btn btn-sm${index === page ? ' btn-primary' : ''}`}
          aria-pressed={index === page}
          aria-label={around.t('keys.page', { n: index + 1 })}
          onClick={() => onPage(index)}
        >
          {index + 1}
        </button>
      ))}
    </div>
  )
}

interface KeyProps {
  around: Surroundings
  drawn: DrawnKey
  placed: PlacedKey | undefined
  isCurrent: boolean
  onFocus(): void
  onArrow(by: 1 | -1): void
  dragging: ReturnType<typeof useDragging>
}

const LAMPS: Readonly<Record<string, string>> = { line: 'is-green', blf: 'is-red', park: 'is-amber' }
/** Width of a letter, for cutting what stands on a key. */
const LETTER = 6.3
const SMALL_LETTER = 4.6

function PhoneKey({ around, drawn, placed, isCurrent, onFocus, onArrow, dragging }: KeyProps): preact.JSX.Element {
  const { t, start, editor, dispatch } = around
  const place = around.placeText(drawn)
  const from = placed?.from?.owner.kind ?? (placed && placed.kind !== 'none' ? 'account' : undefined)
  const own = from === start.owner ? editor.value.keys.find(({ id }) => id === placed?.from?.id) : undefined
  const bank = around.sheet.value.keys[drawn.bank]
  // A phone's own key takes its place from others, which move on.
  const isOpen = start.mayEdit && !own && (start.owner === 'device' || (from === undefined && bank?.auto === true))
  const label = placed && placed.kind !== 'none' ? drawnLabel(around, placed) : undefined
  const text = placed && placed.kind !== 'none' ? around.keyText({ ...placed, label: label ?? '' }) : ''
  const name = own
    ? t('keys.place.taken', { place, key: text })
    : from !== undefined
      ? t(isOpen ? 'keys.place.over' : 'keys.place.foreign', { place, key: text, from: t(`keys.from.${from}`) })
      : t(isOpen ? 'keys.place.free' : 'keys.place.unused', { place })
  const act = (): void => {
    if (own) dispatch({ type: 'open', id: own.id })
    else if (isOpen) {
      const kind = firstKind(around, drawn.bank)
      const { bank: name, position } = drawn
      const canBe = placesFor(around.sheet.value, kind).some((one) => at(one) === at(drawn))
      dispatch({
        type: 'add',
        kind: canBe ? kind : 'speed-dial',
        ...(start.owner === 'device' ? { place: { bank: name, position } } : {}),
      })
    }
  }
  const isGrabbed = own !== undefined && editor.value.grabbed?.id === own.id
  const classes = ['phone-key', own && 'is-own', isOpen && 'is-free', isGrabbed && 'is-grabbed', from && 'is-used']
  const room = drawn.text.w - (onKey(drawn) && drawn.lamp ? 20 : 8)
  const kind = placed && placed.kind !== 'none' ? t(`keys.kind.${placed.kind}`) : ''
  const middle = drawn.text.y + drawn.text.h / 2
  return (
    <g
      class={classes.filter(Boolean).join(' ')}
      role="button"
      tabindex={isCurrent ? 0 : -1}
      aria-disabled={!own && !isOpen}
      data-place={at(drawn)}
      data-key={own?.id}
      onClick={act}
      onFocus={onFocus}
      onPointerDown={own && dragging(own)}
      onKeyDown={(event) => {
        if (own && start.mayEdit && moveByKeyboard(around, own, event, false)) return
        if (event.key === 'Enter' || event.key === ' ') act()
        else if (event.key === 'ArrowDown' || event.key === 'ArrowRight') onArrow(1)
        else if (event.key === 'ArrowUp' || event.key === 'ArrowLeft') onArrow(-1)
        else return
        event.preventDefault()
      }}
    >
      {/* Its name; what is drawn says less. */}
      <title>{name}</title>
      <Box of={drawn} class="phone-button" round={5} />
      {drawn.lamp && (
        <circle
          class={`phone-lamp ${(placed && LAMPS[placed.kind]) ?? ''}`}
          cx={drawn.x + 9}
          cy={drawn.y + drawn.h / 2}
          r="3.5"
        />
      )}
      {label !== undefined && (
        <text
          aria-hidden="true"
          class="phone-text"
          x={textX(drawn)}
          y={middle}
          text-anchor={drawn.text.end ? 'end' : 'start'}
        >
          {cut(label, room / LETTER)}
        </text>
      )}
      {label !== undefined && (
        <text
          aria-hidden="true"
          class="phone-kind"
          x={textX(drawn)}
          y={middle + 10}
          text-anchor={drawn.text.end ? 'end' : 'start'}
        >
          {cut(kind, room / SMALL_LETTER)}
        </text>
      )}
      {label === undefined && isOpen && (
        <text
          aria-hidden="true"
          class="phone-plus"
          x={drawn.x + drawn.w / 2 + (drawn.lamp ? 5 : 0)}
          y={drawn.y + drawn.h / 2 + 5}
          text-anchor="middle"
        >
          +
        </text>
      )}
    </g>
  )
}

/** Where the phone shows none, what somebody would write on the strip of paper. */
function drawnLabel(around: Surroundings, key: PlacedKey): string {
  const { label, value, kind } = key
  return around.labelOf(key) ?? label ?? around.nameOf(value) ?? value ?? around.t(`keys.kind.${kind}`)
}

function cut(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, Math.max(1, Math.floor(room) - 1))}…` : text
}

/** The label stands on the key itself, not on the display. */
function onKey(drawn: DrawnKey): boolean {
  return drawn.text.x === drawn.x
}

function textX(drawn: DrawnKey): number {
  const { text } = drawn
  if (!onKey(drawn)) return text.end ? text.x + text.w : text.x
  return text.x + (drawn.lamp ? 17 : 5)
}
