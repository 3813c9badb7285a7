import { useEffect, useRef } from 'preact/hooks'
import type { Key } from '../key.js'
import { placesFor } from '../placed.js'
import type { Surroundings } from './surroundings.js'

/** Pixels before a press becomes a drag. */
const THRESHOLD = 5

/** Keys of the keyboard while a key of the phone is grabbed; true when the event was one of them. */
export function moveByKeyboard(around: Surroundings, key: Key, event: KeyboardEvent, enterGrabs: boolean): boolean {
  const { dispatch, editor, sheet } = around
  const isGrabbed = editor.value.grabbed?.id === key.id
  const places = placesFor(sheet.value, key.kind)
  const act = (): boolean => {
    switch (event.key) {
      case ' ':
        dispatch(isGrabbed ? { type: 'drop' } : { type: 'grab', id: key.id })
        return true
      case 'Enter':
        if (!isGrabbed && !enterGrabs) return false
        dispatch(isGrabbed ? { type: 'drop' } : { type: 'grab', id: key.id })
        return true
      case 'Escape':
        if (isGrabbed) dispatch({ type: 'letGo' })
        return isGrabbed
      case 'ArrowDown':
      case 'ArrowRight':
        if (isGrabbed) dispatch({ type: 'shift', by: 1, places })
        return isGrabbed
      case 'ArrowUp':
      case 'ArrowLeft':
        if (isGrabbed) dispatch({ type: 'shift', by: -1, places })
        return isGrabbed
      default:
        return false
    }
  }
  if (!act()) return false
  event.preventDefault()
  event.stopPropagation()
  return true
}

/** What lies under the pointer: another key of ours, or a free place of the phone. */
function targetAt(x: number, y: number): { key?: string; bank?: string; position?: number } {
  const element = document.elementFromPoint(x, y)?.closest('[data-key], [data-place]')
  const { key, place } = (element as HTMLElement | null)?.dataset ?? {}
  const [bank, position] = (place ?? '').split(' ')
  return {
    ...(key === undefined || key === '' ? {} : { key }),
    ...(bank === '' || position === undefined ? {} : { bank, position: Number(position) }),
  }
}

/**
 * Dragging with mouse, pen or finger: what is pressed on a key follows the pointer from place to place, and stays where
 * it is let go; Escape puts it back. A press without a move is a click.
 */
export function useDragging(around: Surroundings): (key: Key) => (event: PointerEvent) => void {
  const stop = useRef<(() => void) | undefined>(undefined)
  useEffect(() => () => stop.current?.(), [])
  return (key) => (event) => {
    if (event.button !== 0 || !around.start.mayEdit) return
    const from = { x: event.clientX, y: event.clientY }
    const { dispatch } = around
    let isDragged = false
    const move = (now: PointerEvent): void => {
      if (!isDragged && Math.hypot(now.clientX - from.x, now.clientY - from.y) < THRESHOLD) return
      if (!isDragged) dispatch({ type: 'grab', id: key.id })
      isDragged = true
      const target = targetAt(now.clientX, now.clientY)
      if (target.key !== undefined) dispatch({ type: 'moveOver', id: target.key })
      else if (target.bank !== undefined && target.position !== undefined) {
        const place = { bank: target.bank, position: target.position }
        const allowed = placesFor(around.sheet.value, key.kind).some(
          (one) => one.bank === place.bank && one.position === place.position,
        )
        if (allowed) dispatch({ type: 'moveTo', place: around.start.owner === 'device' ? place : 'end' })
      }
    }
    const end = (): void => {
      document.removeEventListener('pointermove', move)
      document.removeEventListener('pointerup', up)
      document.removeEventListener('pointercancel', cancel)
      document.removeEventListener('keydown', escape, true)
      stop.current = undefined
    }
    const up = (): void => {
      end()
      if (!isDragged) return
      dispatch({ type: 'drop' })
      // The click that follows a drag opens nothing.
      addEventListener('click', swallow, { capture: true, once: true })
      setTimeout(() => removeEventListener('click', swallow, { capture: true }), 0)
    }
    const cancel = (): void => {
      end()
      if (isDragged) dispatch({ type: 'letGo' })
    }
    const escape = (pressed: KeyboardEvent): void => {
      if (pressed.key === 'Escape') cancel()
    }
    stop.current?.()
    stop.current = cancel
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', up)
    document.addEventListener('pointercancel', cancel)
    document.addEventListener('keydown', escape, true)
  }
}

function swallow(event: Event): void {
  event.stopPropagation()
  event.preventDefault()
}
