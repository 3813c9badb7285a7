/**
 * Values by name, the last used ones kept: between `most` and twice as many. Looking one up costs no more than a Map
 * does, since nothing is moved to the front each time; the older half goes at once.
 */
export class Remembered<Value extends object> {
  #recent = new Map<string, Value>()
  #older = new Map<string, Value>()

  constructor(private readonly most: number) {}

  get(name: string): Value | undefined {
    const recent = this.#recent.get(name)
    if (recent) return recent
    const older = this.#older.get(name)
    if (older) this.set(name, older)
    return older
  }

  set(name: string, value: Value): void {
    if (this.#recent.size >= this.most) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(name, value)
  }
}
