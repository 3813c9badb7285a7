// npm run bench -- <name> [options]: one question per file; see docs/performance.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const NOT_QUESTIONS = ['run.mjs']
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && !NOT_QUESTIONS.includes(file))
  .map((file) => file.replace('.mjs', ''))
const name = process.argv[2]

/** The question at the head of a benchmark, and below it the options that it alone has. */
function told(one) {
  const head = /^(?:\/\/ .*\n)+/.exec(readFileSync(join(import.meta.dirname, `${one}.mjs`), 'utf8'))?.[0] ?? ''
  const [question = '', options = ''] = head.replaceAll(/^\/\/ /gm, '').split(/^(?=\[)/m)
  const lines = [question.trim().replaceAll('\n', ' '), options.trim().replaceAll('\n', ' ')]
  return `  ${one.padEnd(14)}${lines.filter((line) => line !== '').join(`\n${' '.repeat(16)}`)}`
}

if (!names.includes(name)) {
  console.error(
    'usage: npm run bench -- <name> [--rounds 3] [--seconds 5] [--devices 10000] [--data dir] [--profile dir]',
  )
  console.error(names.map(told).join('\n'))
  process.exitCode = 2
} else {
  await import(`./${name}.mjs`)
}
