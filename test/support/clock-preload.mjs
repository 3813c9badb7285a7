// Loaded into a server under test by NODE_OPTIONS=--import: its clock is ahead by the milliseconds in the file named in
// PHONEBOOT_TEST_CLOCK_FILE, read at the start and at each SIGUSR2, as if somebody had set the machine's. What it took stands
// beside that file.
import { readFileSync, writeFileSync } from 'node:fs'

const file = process.env.PHONEBOOT_TEST_CLOCK_FILE
if (file) {
  const MachineDate = Date
  let aheadMs = 0
  const look = () => {
    const text = readFileSync(file, 'utf8')
    aheadMs = Number(text)
    writeFileSync(`${file}.taken`, text)
  }
  const now = () => MachineDate.now() + aheadMs
  globalThis.Date = class extends MachineDate {
    constructor(...args) {
      super(...(args.length === 0 ? [now()] : args))
    }
    static now() {
      return now()
    }
  }
  look()
  process.on('SIGUSR2', look)
}
