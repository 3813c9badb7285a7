import type { Command } from 'commander'
import type { Io, Report } from './output.js'
export function bulkCommands(_program: Command, _io: Io, _run: (work: () => Promise<Report>) => Promise<void>): void {}
