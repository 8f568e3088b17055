#!/usr/bin/env node
// user-engine-conformance: the kit from the command line.
import { runCli } from './cli/program.ts'

/** How long what a harness left open may keep the process alive. */
const PATIENCE_MS = 2_000

process.exitCode = await runCli(process.argv.slice(2))

setTimeout(() => {
  process.stderr.write('The harness left something open: give it dispose() to end it.\n')
  process.exit()
}, PATIENCE_MS).unref()
