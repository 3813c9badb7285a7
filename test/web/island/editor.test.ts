import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { KeyKind } from '../../../src/domain/entities.js'
import { isChanged, openEditor, reduce, toStored } from '../../../src/web/island/editor.js'
import { sameAs } from '../../../src/web/island/editor-form.js'
import type { Action, Editor } from '../../../src/web/island/editor-state.js'
import type { Place, StoredKey } from '../../../src/web/island/key.js'

const blf = (value: string, position: number): StoredKey => ({ position, kind: 'blf', value })
const three = [blf('102', 1), blf('103', 2), blf('104', 3)]
const person = (): Editor => openEditor('extension', three, '"e.1"')
const after = (editor: Editor, ...actions: Action[]): Editor => actions.reduce(reduce, editor)
const values = ({ keys }: Editor): (string | undefined)[] => keys.map(({ value }) => value)
const idOf = (editor: Editor, value: string): string => editor.keys.find((key) => key.value === value)?.id ?? ''

const PLACES: Place[] = [1, 2, 3, 4].map((position) => ({ bank: 'memorykey', position }))
const atPlace = (value: string, position: number): StoredKey => ({ ...blf(value, position), bank: 'memorykey' })
const phone = (): Editor => openEditor('device', [atPlace('102', 1), atPlace('103', 3)], '"d.1"')
const placed = ({ keys }: Editor): string[] => keys.map(({ value, position }) => `${value}@${position}`)

describe('adding and changing a key', () => {
  const typing = (value: string, kind: KeyKind = 'blf'): Action[] => [
    { type: 'add', kind },
    { type: 'type', changes: { value } },
    { type: 'apply', places: [] },
  ]

  test('a new one comes last, is told, and the keyboard goes on to the next', () => {
    const editor = after(person(), ...typing(' 105 '))
    expect(values(editor)).toEqual(['102', '103', '104', '105'])
    expect(editor.said).toMatchObject({ what: 'added', n: 4, of: 4, key: { value: '105' } })
    expect([editor.form, editor.focus, isChanged(editor)]).toEqual([undefined, 'add', true])
  })

  test('one that does the same as another is refused at the field, and the other is named', () => {
    const editor = after(person(), ...typing('103'))
    expect(editor.form?.wrong).toMatchObject({ field: 'value', why: 'repeated', other: { value: '103' } })
    expect(values(editor)).toHaveLength(3)
    const mended = after(editor, { type: 'type', changes: { value: '106' } })
    expect(mended.form?.wrong).toBeUndefined()
    expect(values(after(mended, { type: 'apply', places: [] }))).toContain('106')
  })

  test('the same target by another kind or on another line is another key', () => {
    const { keys } = person()
    expect(sameAs(keys, { kind: 'speed-dial', value: '102' }, undefined)).toBeUndefined()
    expect(sameAs(keys, { kind: 'blf', value: '102', line: 2 }, undefined)).toBeUndefined()
    expect(sameAs(keys, { kind: 'blf', value: '102', line: 1, label: 'x' }, undefined)?.value).toBe('102')
    expect(sameAs([{ id: 'a', kind: 'line' }], { kind: 'line' }, undefined)).toBeUndefined()
  })

  test('one that needs a target is not taken without, and one that needs none drops it', () => {
    expect(after(person(), ...typing('  ')).form?.wrong).toEqual({ field: 'value', why: 'needed' })
    const dnd = after(person(), ...typing('102', 'dnd'))
    expect(toStored(dnd).at(-1)).toEqual({ position: 4, kind: 'dnd' })
    expect(toStored(after(person(), ...typing('', 'forward'))).at(-1)).toEqual({ position: 4, kind: 'forward' })
  })

  test('a change keeps the key’s place in the order; closing the form changes nothing', () => {
    const open = after(person(), { type: 'open', id: idOf(person(), '103') })
    const changes = { label: 'Bob', line: '2' }
    const changed = after(open, { type: 'type', changes }, { type: 'apply', places: [] })
    expect(toStored(changed)[1]).toEqual({ position: 2, kind: 'blf', value: '103', label: 'Bob', line: 2 })
    expect(isChanged(after(open, { type: 'type', changes }, { type: 'close' }))).toBe(false)
  })

  test('a new key of a phone goes to its place, or to the first free one that can be it', () => {
    const add = (place?: Place): Editor =>
      after(
        phone(),
        { type: 'add', kind: 'blf', ...(place ? { place } : {}) },
        { type: 'type', changes: { value: '110' } },
        { type: 'apply', places: PLACES },
      )
    expect(placed(add({ bank: 'memorykey', position: 4 }))).toEqual(['102@1', '103@3', '110@4'])
    expect(placed(add())).toEqual(['102@1', '103@3', '110@2'])
    expect(placed(add({ bank: 'memorykey', position: 1 }))).toEqual(['102@1', '103@3', '110@2'])
    const none = after(
      phone(),
      { type: 'add', kind: 'url' },
      { type: 'type', changes: { value: 'http://x' } },
      { type: 'apply', places: [] },
    )
    expect(none.form?.wrong).toEqual({ field: 'place', why: 'noPlace' })
  })
})

describe('moving a key', () => {
  const grab = (editor: Editor, value: string): Editor => reduce(editor, { type: 'grab', id: idOf(editor, value) })
  const shift = (by: 1 | -1): Action => ({ type: 'shift', by, places: PLACES })

  test('grabbed, moved and dropped it is one step that can be undone; the focus stays on it', () => {
    const moved = after(grab(person(), '104'), shift(-1), shift(-1))
    expect([values(moved), moved.said]).toEqual([
      ['104', '102', '103'],
      expect.objectContaining({ what: 'moved', n: 1, of: 3 }),
    ])
    const dropped = after(moved, { type: 'drop' })
    expect([dropped.past.length, dropped.focus, dropped.said?.what]).toEqual([1, idOf(dropped, '104'), 'dropped'])
    expect(values(after(dropped, { type: 'undo' }))).toEqual(['102', '103', '104'])
  })

  test('Escape puts it back, and dropping it where it was is no step', () => {
    const back = after(grab(person(), '102'), shift(1), { type: 'letGo' })
    expect([values(back), back.past, back.said]).toEqual([
      ['102', '103', '104'],
      [],
      expect.objectContaining({ what: 'back', n: 1 }),
    ])
    expect(after(grab(person(), '102'), { type: 'drop' }).past).toEqual([])
  })

  test('it stops at the ends, and says where it is', () => {
    const editor = after(grab(person(), '102'), shift(-1))
    expect([values(editor), editor.said?.n]).toEqual([['102', '103', '104'], 1])
  })

  test('over another it takes that one’s place, and over free ones the end', () => {
    const first = grab(person(), '102')
    expect(values(reduce(first, { type: 'moveOver', id: idOf(first, '104') }))).toEqual(['103', '104', '102'])
    expect(values(reduce(first, { type: 'moveTo', place: 'end' }))).toEqual(['103', '104', '102'])
  })

  test('on a phone it goes from free place to free place, and changes places with another', () => {
    const editor = grab(phone(), '102')
    expect(placed(after(editor, shift(1)))).toEqual(['102@2', '103@3'])
    expect(placed(after(editor, shift(1), shift(1)))).toEqual(['102@4', '103@3'])
    expect(placed(after(editor, { type: 'moveOver', id: idOf(editor, '103') }))).toEqual(['102@3', '103@1'])
    expect(placed(after(editor, { type: 'moveTo', place: { bank: 'memorykey', position: 4 } }))).toEqual([
      '102@4',
      '103@3',
    ])
  })

  test('nothing moves that was not grabbed', () => {
    expect(values(after(person(), shift(1), { type: 'drop' }, { type: 'letGo' }))).toEqual(['102', '103', '104'])
  })
})

describe('removing and undoing', () => {
  test('the focus goes to the neighbour, and at last to the button that adds', () => {
    const one = after(person(), { type: 'remove', id: idOf(person(), '104') })
    expect([values(one), one.focus]).toEqual([['102', '103'], idOf(one, '103')])
    const none = after(person(), { type: 'clear' })
    expect([none.keys, none.focus, values(after(none, { type: 'undo' }))]).toEqual([[], 'add', ['102', '103', '104']])
  })

  test.each<[string, Action]>([
    ['grabbing another', { type: 'grab', id: 's2' }],
    ['removing all', { type: 'clear' }],
    ['removing one', { type: 'remove', id: 's2' }],
  ])('%s while a key is held puts it down first, as a step of its own', (_what, action) => {
    const held = reduce(person(), { type: 'grab', id: idOf(person(), '102') })
    const editor = after(held, { type: 'moveOver', id: idOf(held, '103') }, action, { type: 'letGo' })
    const undone = editor.past.length === 2 ? reduce(editor, { type: 'undo' }) : editor
    expect(values(undone)).toEqual(['103', '102', '104'])
    expect(values(reduce(undone, { type: 'undo' }))).toEqual(['102', '103', '104'])
  })

  test('whatever is done, undoing all of it gives what was loaded, and no id is there twice', () => {
    const ids = fc.constantFrom('s0', 's1', 's2', 'n0', 'n1', 'n2', 'n3')
    const action: fc.Arbitrary<Action> = fc.oneof(
      fc.record({ type: fc.constant('add' as const), kind: fc.constantFrom<KeyKind>('blf', 'dnd', 'line') }),
      fc.record({ type: fc.constant('open' as const), id: ids }),
      fc.record({
        type: fc.constant('type' as const),
        changes: fc.record({ value: fc.constantFrom('102', '200', '201', '') }),
      }),
      fc.constant<Action>({ type: 'apply', places: PLACES }),
      fc.record({ type: fc.constant('remove' as const), id: ids }),
      fc.constantFrom<Action>({ type: 'clear' }, { type: 'drop' }, { type: 'letGo' }, { type: 'close' }),
      fc.record({ type: fc.constant('grab' as const), id: ids }),
      fc.record({ type: fc.constant('moveOver' as const), id: ids }),
      fc.record({
        type: fc.constant('shift' as const),
        by: fc.constantFrom<1 | -1>(1, -1),
        places: fc.constant(PLACES),
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(person, phone), fc.array(action, { maxLength: 30 }), (start, actions) => {
        let editor = after(start(), ...actions, { type: 'letGo' })
        expect(new Set(editor.keys.map(({ id }) => id)).size).toBe(editor.keys.length)
        const places = toStored(editor).map(({ bank, position }) => `${bank ?? ''} ${position}`)
        expect(new Set(places).size).toBe(places.length)
        while (editor.past.length > 0) editor = reduce(editor, { type: 'undo' })
        expect(editor.keys).toEqual(start().keys)
      }),
    )
  })
})

describe('saving', () => {
  test('what was saved is no change any more; ids stay, so that nothing jumps', () => {
    const changed = after(person(), { type: 'remove', id: idOf(person(), '103') })
    const saved = after(changed, { type: 'saving' }, { type: 'saved', tag: '"e.2"', keys: toStored(changed) })
    expect([isChanged(saved), saved.tag, saved.keys.map(({ id }) => id)]).toEqual([
      false,
      '"e.2"',
      changed.keys.map(({ id }) => id),
    ])
  })

  test('after a conflict one’s own changes are done again on the newer keys, or dropped', () => {
    const mine = after(
      person(),
      { type: 'remove', id: idOf(person(), '103') },
      { type: 'add', kind: 'blf' },
      { type: 'type', changes: { value: '105' } },
      { type: 'apply', places: [] },
    )
    const theirs = [blf('102', 1), { ...blf('103', 2), label: 'Bob' }, blf('104', 3), blf('199', 4)]
    const conflict = after(mine, { type: 'saving' }, { type: 'conflict', tag: '"e.7"', keys: theirs })
    expect(conflict.state).toBe('conflict')
    const again = after(conflict, { type: 'reapply' })
    expect([values(again), again.tag, isChanged(again)]).toEqual([['102', '104', '105', '199'], '"e.7"', true])
    expect(values(after(again, { type: 'undo' }))).toEqual(values(mine))
    const taken = after(conflict, { type: 'takeNewer' })
    expect([values(taken), isChanged(taken)]).toEqual([['102', '103', '104', '199'], false])
  })

  test('a refusal leaves the keys as they are', () => {
    const editor = after(person(), { type: 'clear' }, { type: 'saving' }, { type: 'refused', text: 'no' })
    expect([editor.state, editor.refusal, isChanged(editor)]).toEqual(['refused', 'no', true])
  })
})
