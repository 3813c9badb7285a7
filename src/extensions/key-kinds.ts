import type { KeyKind } from '../domain/entities.js'

/** Kinds that do nothing without a number, digits or URL. */
export const NEED_VALUE: ReadonlySet<KeyKind> = new Set([
  'blf',
  'speed-dial',
  'park',
  'pick-up',
  'intercom',
  'dtmf',
  'url',
  'paging',
  'agent',
  'group-login',
])
/** Kinds that have no use for one. */
export const TAKE_NO_VALUE: ReadonlySet<KeyKind> = new Set([
  'none',
  'line',
  'dnd',
  'hold',
  'redial',
  'record',
  'phonebook',
])
/** Kinds whose value is a number that somebody has. */
export const KINDS_THAT_DIAL: readonly KeyKind[] = ['blf', 'speed-dial', 'intercom', 'pick-up', 'transfer', 'forward']
