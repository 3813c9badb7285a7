import type { Dice } from './dice.js'

/** What parsers trip over: numbers at limits, delimiters, escapes, broken UTF-8, line ends. */
const NASTY = [
  ...['0', '-1', '1', '255', '65535', '65536', '2147483648', '4294967296', '18446744073709551616', '1e309', 'NaN'],
  ...['"', '\\', '<', '>', ';', ',', '=', '%', '%00', '%2e%2e%2f', '..', '../', '//', '@', ':', '[', ']', '[::1]', '*'],
  ...[
    '\0',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\r\n ',
    '\t',
    ' ',
    '\x7f',
    '\xff',
    '\xc0\x80',
    '\xed\xa0\x80',
    '{{',
    '__proto__',
  ],
].map((text) => Buffer.from(text, 'latin1'))

const LONGEST = 60_000

type Mutation = (input: Buffer, dice: Dice) => Buffer

const splice = (input: Buffer, at: number, remove: number, put: Buffer): Buffer =>
  Buffer.concat([input.subarray(0, at), put, input.subarray(at + remove)])

/** Cuts at line ends, which stay with their line. */
function lines(input: Buffer): Buffer[] {
  const parts = input.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []
  return parts.map((part) => Buffer.from(part, 'latin1'))
}

const MUTATIONS: readonly Mutation[] = [
  (input, dice) => {
    const copy = Buffer.from(input)
    for (let n = 1 + dice.below(4); n > 0; n -= 1) {
      const at = dice.below(Math.max(copy.length, 1))
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8))
    }
    return copy
  },
  (input, dice) => splice(input, dice.below(input.length + 1), 0, dice.pick(NASTY)),
  (input, dice) => splice(input, dice.below(input.length + 1), 1 + dice.below(8), dice.pick(NASTY)),
  (input, dice) => splice(input, dice.below(input.length + 1), 1 + dice.below(40), Buffer.alloc(0)),
  (input, dice) => splice(input, dice.below(input.length + 1), 0, dice.bytes(1 + dice.below(16))),
  (input, dice) => input.subarray(0, dice.below(input.length + 1)),
  (input, dice) => {
    // A piece many times over: long values, deep nesting, many parameters.
    const at = dice.below(input.length + 1)
    const piece = input.subarray(at, at + 1 + dice.below(24))
    const times = 1 + dice.below(dice.chance(10) ? 2_000 : 60)
    return splice(input, at, 0, Buffer.concat(Array.from({ length: times }, () => piece)))
  },
  (input, dice) => {
    const all = lines(input)
    if (all.length < 2) return input
    const from = dice.below(all.length)
    const [line = Buffer.alloc(0)] = dice.chance(50) ? all.splice(from, 1) : [all[from] ?? Buffer.alloc(0)]
    all.splice(dice.below(all.length + 1), 0, line)
    return Buffer.concat(all)
  },
  (input, dice) => {
    const all = lines(input)
    if (all.length > 1) all.splice(dice.below(all.length), 1)
    return Buffer.concat(all)
  },
  (input, dice) => {
    const numbers = [...input.toString('latin1').matchAll(/\d+/g)]
    if (numbers.length === 0) return input
    const number = dice.pick(numbers)
    return splice(input, number.index, number[0].length, dice.pick(NASTY))
  },
]

/** The input with one to four things wrong with it. */
export function mutate(input: Buffer, dice: Dice): Buffer {
  let output = input
  for (let n = 1 + dice.below(4); n > 0; n -= 1) output = dice.pick(MUTATIONS)(output, dice)
  return output.subarray(0, LONGEST)
}
