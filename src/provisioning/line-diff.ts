/** A line of a comparison: gone, new, or there before and after. */
export interface DiffLine {
  readonly kind: 'gone' | 'new' | 'same'
  readonly text: string
}

/** Lines shown around each difference. */
const CONTEXT = 2
/** Beyond this many pairs of lines the middle is told as replaced whole. */
const MOST_PAIRS = 4_000_000

/** What is different between two files, line by line, with some lines around; empty when nothing is. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1]
  if (start === a.length && start === b.length) return []
  const middle = between(a.slice(start, endA), b.slice(start, endB))
  const same = (text: string): DiffLine => ({ kind: 'same', text })
  return nearDifferences([...a.slice(0, start).map(same), ...middle, ...a.slice(endA).map(same)])
}

const linesOf = (text: string): string[] => text.replace(/\r?\n$/, '').split(/\r?\n/)

/** By longest common subsequence. */
function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: 'gone', text })
  const added = (text: string): DiffLine => ({ kind: 'new', text })
  if (a.length === 0 || b.length === 0 || a.length * b.length > MOST_PAIRS) return [...a.map(gone), ...b.map(added)]
  const width = b.length + 1
  const common = new Uint16Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const told: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      told.push({ kind: 'same', text: left })
      ;[i, j] = [i + 1, j + 1]
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      told.push(gone(left))
      i += 1
    } else if (right !== undefined) {
      told.push(added(right))
      j += 1
    }
  }
  return told
}

function nearDifferences(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>()
  lines.forEach(({ kind }, index) => {
    if (kind === 'same') return
    for (let one = index - CONTEXT; one <= index + CONTEXT; one += 1) near.add(one)
  })
  return lines.filter((_line, index) => near.has(index))
}
