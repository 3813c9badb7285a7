import type { Clock, Millis } from '../domain/clock.js'
import type { Log } from '../observe/log.js'

/** Made-up phones that boot at most: by then V8 has optimised what they all go through. */
export const MOST_BOOTS = 1_000
/** So many boot side by side: while one waits for an answer, others do not. */
export const SIDE_BY_SIDE = 4
/** Processor time that it may take in all, V8's own threads with it. */
export const MOST_CPU_MS = 6_000
/** By then it ends, however busy the machine is. */
export const MOST_MS = 20_000
/** After a real phone was heard nothing is done for so long: it has more to ask. */
export const QUIET_MS = 100
/** So much heard of real phones means that they are coming: they do the rest themselves. */
export const MOST_HEARD = 100
/** Between two steps: whatever came meanwhile is answered first. */
const PAUSE_MS = 1

/** May the next step be taken? Waits while real phones are about; false: never again. */
export type Turn = () => Promise<boolean>

/** How far a made-up phone came. */
export interface Booted {
  /** Files it was given. */
  readonly files: number
  readonly isRegistered: boolean
}

/** Where made-up phones boot. */
export interface Stage {
  /** Boots the next one, a step for each turn. Never rejects. */
  boot(turn: Turn): Promise<Booted>
  close(): Promise<void>
}

export interface RehearsalParts {
  readonly clock: Clock
  /** Processor time of this process so far. */
  cpuMs(): Millis
  /** Undefined: there is nothing to rehearse. */
  open(): Promise<Stage | undefined>
  /** Has code optimised after a few runs, or only when it ran often, so that phones need not wait for that. */
  optimise(when: 'early' | 'late'): void
  /** Throws away what nobody needs any more, all at once. */
  collectGarbage(): void
  readonly log: Log
}

/**
 * After the start the server goes its own ways with made-up phones, so that what every phone goes through was compiled and
 * optimised before the first real one comes (decision 22). It is bounded, gives way to real phones at once, and leaves no
 * trace: the stage is another server beside the real one.
 */
export class Rehearsal {
  readonly #parts: RehearsalParts
  #state: 'waiting' | 'running' | 'over' = 'waiting'
  #heard = 0
  #heardAt = -Infinity
  #isEarly = false
  #until: { at: Millis; cpuMs: Millis } = { at: 0, cpuMs: 0 }
  #ended: Promise<void> = Promise.resolve()

  constructor(parts: RehearsalParts) {
    this.#parts = parts
  }

  /** To be called with everything a real phone sends: costs next to nothing. */
  phoneCame(): void {
    if (this.#state !== 'running') return
    this.#heard += 1
    this.#heardAt = this.#parts.clock.now()
    this.#optimise('late')
  }

  /** Resolves when it is over. Never rejects. */
  run(): Promise<void> {
    if (this.#state !== 'waiting') return this.#ended
    const { clock, cpuMs } = this.#parts
    this.#state = 'running'
    this.#until = { at: clock.now() + MOST_MS, cpuMs: cpuMs() + MOST_CPU_MS }
    this.#ended = this.#play().finally(() => {
      this.#state = 'over'
      this.#optimise('late')
    })
    return this.#ended
  }

  async stop(): Promise<void> {
    this.#state = 'over'
    await this.#ended
  }

  async #play(): Promise<void> {
    if (!(await this.#turn())) return
    // Without a loopback interface, or a file handle left, there is none; phones are served all the same.
    const open = (): Promise<Stage | undefined> => this.#parts.open().catch(() => undefined)
    // V8 takes for constant what never changed: once closed, a stage has shown it what a stop changes.
    await (await open())?.close()
    const stage = await open()
    if (!stage) return
    // V8 looks through all memory next when much has come, which is after the crowd. Not at the end: what was optimised for a kind
    // of object is thrown away with the last object of that kind.
    this.#parts.collectGarbage()
    const done = { boots: 0, files: 0, registered: 0 }
    const bootOneByOne = async (): Promise<void> => {
      while (done.boots < MOST_BOOTS && !this.#isOver()) {
        done.boots += 1
        const { files, isRegistered } = await stage.boot(this.#turn)
        done.files += files
        if (isRegistered) done.registered += 1
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, bootOneByOne))
    await stage.close()
    this.#parts.log.debug(done, 'rehearsed with made-up phones')
  }

  readonly #turn: Turn = async () => {
    await this.#pause(PAUSE_MS)
    while (!this.#isOver() && this.#parts.clock.now() - this.#heardAt < QUIET_MS) await this.#pause(QUIET_MS)
    const isOver = this.#isOver()
    if (!isOver) this.#optimise('early')
    return !isOver
  }

  #isOver(): boolean {
    const { clock, cpuMs } = this.#parts
    if (this.#state !== 'running' || this.#heard >= MOST_HEARD) return true
    return clock.now() >= this.#until.at || cpuMs() >= this.#until.cpuMs
  }

  #optimise(when: 'early' | 'late'): void {
    const isEarly = when === 'early'
    if (isEarly === this.#isEarly) return
    this.#isEarly = isEarly
    this.#parts.optimise(when)
  }

  #pause(ms: Millis): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(ms, resolve))
  }
}
