import type { FileEntry } from './sheet.js'

const SHARED = new WeakSet<object>()

/** Marks an unused line or key that is the same object for every phone of its model: what it makes is kept. */
export function shared<T extends object>(item: T): T {
  SHARED.add(item)
  return item
}

export function isShared(item: unknown): item is object {
  return typeof item === 'object' && item !== null && SHARED.has(item)
}

/** What a block of a template made of a shared item. */
export interface MadeOfItem {
  text: string
  entries: readonly FileEntry[]
}
