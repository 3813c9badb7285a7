import { useLayoutEffect, useRef } from 'preact/hooks'
import { whyNoPlace } from '../../../catalog/key-bank.js'
import type { Key } from '../key.js'
import { moveByKeyboard, useDragging } from './moving.js'
import type { Surroundings } from './surroundings.js'

/** The keys in order, each with where it lands; the keyboard's and the screen reader's way to everything. */
export function KeyList({ around }: { around: Surroundings }): preact.JSX.Element {
  const { t, editor, start, dispatch } = around
  const { keys, focus } = editor.value
  const list = useRef<HTMLOListElement>(null)
  useLayoutEffect(() => {
    if (focus === undefined) return
    focusOn(focus)
    dispatch({ type: 'focused' })
  }, [focus, keys])
  const dragging = useDragging(around)
  return (
    <section class="card mb-3" aria-labelledby="key-list-title">
      <div class="card-header">
        <h2 class="card-title" id="key-list-title">
          {t(start.owner === 'device' ? 'keys.list.device' : 'keys.list')}
        </h2>
      </div>
      <p class="visually-hidden" id="key-help">
        {t('keys.move.help')}
      </p>
      {keys.length === 0 && <p class="card-body text-secondary mb-0">{t('keys.none')}</p>}
      <ol class="key-list" ref={list}>
        {keys.map((key, index) => (
          <KeyRow key={key.id} around={around} of={key} n={index + 1} onPointerDown={dragging(key)} />
        ))}
      </ol>
      {start.mayEdit && (
        <div class="card-footer">
          <button type="button" class="btn" data-add onClick={() => dispatch({ type: 'add', kind: firstKind(around) })}>
            {t('keys.add')}
          </button>
        </div>
      )}
    </section>
  )
}

/** The button that adds, or a key: on the drawing when the keyboard was there, else its row. */
function focusOn(target: string): void {
  const id = CSS.escape(target)
  const isDrawn = document.activeElement?.closest('.phone-front')
  const drawn = isDrawn ? document.querySelector<SVGElement>(`.phone-front [data-key="${id}"]`) : null
  const row = document.querySelector<HTMLElement>(target === 'add' ? '[data-add]' : `[data-row="${id}"]`)
  ;(drawn ?? row)?.focus()
}

/** A phone that can watch is mostly given keys that do. */
export function firstKind({ sheet, start }: Surroundings, bank?: string): 'blf' | 'speed-dial' {
  const banks = Object.entries(sheet.value.keys).filter(([name, { auto }]) =>
    bank === undefined ? auto || start.owner === 'device' : name === bank,
  )
  return banks.some(([, { kinds }]) => kinds.includes('blf')) ? 'blf' : 'speed-dial'
}

interface RowProps {
  around: Surroundings
  of: Key
  n: number
  onPointerDown(event: PointerEvent): void
}

function KeyRow({ around, of: key, n, onPointerDown }: RowProps): preact.JSX.Element {
  const { t, dispatch, start } = around
  const { grabbed } = around.editor.value
  const isGrabbed = grabbed?.id === key.id
  const text = around.keyText(key)
  const placed = around.places.value.get(key.id)
  const why = placed ? undefined : start.owner === 'device' ? 'place' : whyNoPlace(around.sheet.value, key)
  const warning = around.warningOf(key)
  const shown = key.label ?? around.nameOf(key.value)
  return (
    <li class={`key-row${isGrabbed ? ' is-grabbed' : ''}`} data-key={key.id}>
      {start.mayEdit && (
        <button
          type="button"
          class="btn btn-icon btn-ghost-secondary key-handle"
          data-row={key.id}
          aria-label={t('keys.move', { key: text })}
          aria-pressed={isGrabbed}
          aria-describedby="key-help"
          onPointerDown={onPointerDown}
          onKeyDown={(event) => moveByKeyboard(around, key, event, true)}
          onBlur={({ relatedTarget }) => {
            // Moving the row in the page takes the focus for a moment; only somewhere else ends it.
            if (isGrabbed && relatedTarget !== null) dispatch({ type: 'drop' })
          }}
        >
          <span aria-hidden="true">⠿</span>
        </button>
      )}
      <span class="key-n text-secondary" aria-hidden="true">
        {n}
      </span>
      <span class="key-what">
        {start.mayEdit ? (
          <button
            type="button"
            class="btn btn-link key-open"
            aria-label={t('keys.change', { key: text })}
            onClick={() => dispatch({ type: 'open', id: key.id })}
          >
            {shown ?? key.value ?? t(`keys.kind.${key.kind}`)}
          </button>
        ) : (
          <b>{shown ?? key.value ?? t(`keys.kind.${key.kind}`)}</b>
        )}
        <small class="text-secondary">
          {[
            t(`keys.kind.${key.kind}`),
            key.value,
            key.line === undefined ? '' : `${t('keys.form.line')} ${key.line}`,
            key.locked === true ? t('keys.locked') : '',
          ]
            .filter((part) => part !== undefined && part !== '')
            .join(' · ')}
        </small>
        {warning !== undefined && <small class="key-warning">{warning}</small>}
      </span>
      <span class={`key-place${placed ? ' text-secondary' : ' key-wrong'}`}>
        {placed ? around.placeText(placed) : t('keys.overflow.short')}
        {why !== undefined && (
          <span class="visually-hidden">: {t(`keys.overflow.${why}`, { line: key.line ?? 1 })}</span>
        )}
      </span>
      {start.mayEdit && (
        <button
          type="button"
          class="btn btn-sm"
          aria-label={t('keys.remove', { key: text })}
          onClick={() => dispatch({ type: 'remove', id: key.id })}
        >
          {t('keys.remove.short')}
        </button>
      )}
    </li>
  )
}
