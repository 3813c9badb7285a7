import type { DraftParts } from '../devices/draft.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import type { Delimiter, Encoding } from './decode.js'
import type { DuplicateRule } from './duplicates.js'
import type { Choices } from './mapping.js'
import type { Pace } from './pace.js'
import type { Strategy } from './plan-parts.js'
import type { Profile } from './profile.js'
import type { ReadingParts } from './read-rows.js'
import type { SaidAnswers } from './value-questions.js'

/** `all`: every row or none; `rows`: rows with mistakes are left out. */
export const MODES = ['all', 'rows'] as const
export type Mode = (typeof MODES)[number]

/** How a file is to be imported. */
export interface ImportOptions {
  readonly fileName?: string | undefined
  /** Id of a profile; absent: recognised by the headers. */
  readonly profile?: string | undefined
  readonly choices?: Choices | undefined
  /** What values stand for, as `questions` asks: column, value, answer. */
  readonly values?: SaidAnswers | undefined
  /** Bosses and secretaries that belong together get a key that watches the other. Default: no. */
  readonly secretaryKeys?: boolean | undefined
  /** Default `update`. */
  readonly strategy?: Strategy | undefined
  /** Default `all`. */
  readonly mode?: Mode | undefined
  /** Default `refuse`. */
  readonly duplicates?: DuplicateRule | undefined
  readonly encoding?: Encoding | undefined
  readonly delimiter?: Delimiter | undefined
}

export type Stage = 'reading' | 'checking' | 'writing'
/** Called often, with what is done of how much. */
export type Progress = (stage: Stage, done: number, total: number) => void

export interface PrepareParts extends Omit<DraftParts, 'siteId'>, ReadingParts {
  readonly siteId: string
  readonly vocabulary: Vocabulary
  readonly profiles: readonly Profile[]
  isSecret(key: string): boolean
}

export interface PrepareHooks {
  readonly pace: Pace
  readonly progress: Progress
}
