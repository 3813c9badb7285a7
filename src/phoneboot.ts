#!/usr/bin/env node
// Runs the program: main.ts with its packages as one script, made by build.mjs, which also keeps what V8 compiled of it.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/** Name of the script beside this file; `build.mjs` writes it here. It changes with the program. */
declare const PHONEBOOT_SCRIPT: string

const url = new URL(PHONEBOOT_SCRIPT, import.meta.url)
/** SHA-256 of the rest, then what V8 compiled: it trusts every bit of that. */
const compiledUrl = new URL(`${PHONEBOOT_SCRIPT}.compiled`, import.meta.url)
const DIGEST_BYTES = 32

const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

/** Undefined when there is none, or not the whole of it. */
function readCompiled(): Buffer | undefined {
  try {
    const bytes = readFileSync(compiledUrl)
    const compiled = bytes.subarray(DIGEST_BYTES)
    return digestOf(compiled).equals(bytes.subarray(0, DIGEST_BYTES)) ? compiled : undefined
  } catch {
    return undefined
  }
}

// V8 optimises a function once it has run this much, by default half of it: after a power cut, when all phones come to a program
// that has just started, it took a third of the processor from answering them (decision 21). Set before anything is compiled.
setFlagsFromString('--interrupt-budget=270000')
const compiled = readCompiled()
// Nothing but ASCII is in it, so each character takes one byte in memory, too. Another V8 than the build's, or other flags,
// and what was compiled is not used.
const script = new Script(readFileSync(url, 'latin1'), {
  filename: fileURLToPath(url),
  ...(compiled && { cachedData: compiled }),
})
// The build lets it run once, so that not only what is read at the start is among what was compiled.
if (process.env.PHONEBOOT_KEEP_COMPILED === '1') {
  process.on('exit', () => {
    const fresh = script.createCachedData()
    writeFileSync(compiledUrl, Buffer.concat([digestOf(fresh), fresh]))
  })
}
const run = script.runInThisContext() as (require: NodeJS.Require, url: string) => void
run(createRequire(url), url.href)
