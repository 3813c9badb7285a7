// npm run bench -- <name> [options]: one question per file; see docs/performance.md.
import { readdirSync } from 'node:fs'

const NOT_QUESTIONS = ['run.mjs']
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && !NOT_QUESTIONS.includes(file))
  .map((file) => file.replace('.mjs', ''))
const name = process.argv[2]

if (!names.includes(name)) {
  console.error(
    `usage: npm run bench -- <${names.join(' | ')}> [--rounds 3] [--seconds 5] [--devices 10000] [--data dir]`,
  )
  process.exitCode = 2
} else {
  await import(`./${name}.mjs`)
}
