import type { KeySheet } from '../../../catalog/key-sheet.js'
import { KINDS_THAT_DIAL } from '../../../extensions/key-kinds.js'
import { toStored } from '../editor.js'
import type { StoredKey } from '../key.js'
import type { Start } from '../start.js'
import type { Surroundings } from './surroundings.js'

interface Person {
  number: string
  name: string
}

function address({ site }: Start, path: string, query: Record<string, string> = {}): string {
  return `/api/v1${path}?${new URLSearchParams({ ...query, site }).toString()}`
}

async function load<T>(start: Start, path: string, query?: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(address(start, path, query), { headers: { Accept: 'application/json' }, signal })
  if (!answer.ok) throw new Error(String(answer.status))
  return (await answer.json()) as T
}

/** A few people by part of their name, number or address. */
export async function findPeople(start: Start, text: string, signal?: AbortSignal): Promise<Person[]> {
  const { items } = await load<{ items: Person[] }>(start, '/extensions', { q: text, limit: '8' }, signal)
  return items
}

export function loadSheet(start: Start, model: string): Promise<KeySheet> {
  return load<KeySheet>(start, `/models/${model.split('/').map(encodeURIComponent).join('/')}`)
}

/** Stores the keys; what somebody else stored meanwhile is loaded instead of written over. */
export async function save(around: Surroundings): Promise<void> {
  const { start, editor, dispatch, t } = around
  const { tag } = editor.value
  const sent = toStored(editor.value)
  dispatch({ type: 'saving' })
  try {
    const answer = await fetch(address(start, start.path), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', 'If-Match': tag, 'X-CSRF-Token': start.csrf },
      body: JSON.stringify(sent),
    })
    if (answer.ok) dispatch({ type: 'saved', tag: answer.headers.get('ETag') ?? tag, keys: sent })
    else if (answer.status === 412) await loadNewer(around)
    else dispatch({ type: 'refused', text: refusal((await answer.json()) as Problem, start) })
  } catch {
    dispatch({ type: 'refused', text: t('keys.refused.network') })
  }
}

async function loadNewer(around: Surroundings): Promise<void> {
  const { start, dispatch } = around
  const answer = await fetch(address(start, start.path))
  if (!answer.ok) throw new Error(String(answer.status))
  const keys = (await answer.json()) as StoredKey[]
  dispatch({ type: 'conflict', tag: answer.headers.get('ETag') ?? '', keys })
  learnNames(around, keys)
}

/** Whom keys are for that were not chosen by name: asked afterwards, since only the labels wait for it. */
export function learnNames(around: Surroundings, keys: readonly Pick<StoredKey, 'kind' | 'value'>[]): void {
  const numbers = keys.flatMap(({ kind, value = '' }) => (KINDS_THAT_DIAL.includes(kind) ? value.trim() : []))
  for (const number of new Set(numbers)) {
    if (!around.start.maySearch || number === '' || around.nameOf(number) !== undefined) continue
    findPeople(around.start, number).then(
      (people) => {
        for (const one of people) around.learn(one.number, one.name)
      },
      () => undefined,
    )
  }
}

interface Problem {
  code?: string
  detail?: string
}

/** In the page's language where there are words for it, else in the server's. */
function refusal({ code, detail }: Problem, { words }: Start): string {
  return words[`error.${code ?? ''}`] ?? detail ?? ''
}
