import type { RuleId, RuleSection } from '@user-engine/store-protocol'
import { CAPABILITY_CASES } from '../capability/capability-cases.ts'
import { CASES } from '../cases.ts'
import { describeVerdict, formatReport } from '../format-report.ts'
import type { ConformanceReport } from '../report.ts'
import { renderHtml } from '../report-files/html-report.ts'
import { renderJUnit } from '../report-files/junit-report.ts'
import { runConformance } from '../run-conformance.ts'
import { type CaseSelection, findUnknownSelection } from '../select-cases.ts'
import { judgeWaivers, type Waiver } from '../waivers/waiver.ts'
import { CannotJudge } from './cannot-judge.ts'
import { exitCodeOf } from './exit-code.ts'
import { prepareFile, readJson, writeText } from './files.ts'
import { loadHarness } from './load-harness.ts'
import { createProgressPrinter } from './progress-printer.ts'

/** The options of the run, as they came from the command line. */
export interface RunOptions {
  readonly suite?: readonly string[]
  readonly rule?: readonly string[]
  readonly seed?: number
  readonly caseTimeout?: number
  readonly timeBudget?: number
  readonly waivers?: string
  readonly json?: string
  readonly junit?: string
  readonly html?: string
  readonly quiet?: boolean
}

const FILES = [
  { option: 'json', render: (report: ConformanceReport) => `${JSON.stringify(report, null, 2)}\n` },
  { option: 'junit', render: renderJUnit },
  { option: 'html', render: renderHtml },
] as const

/**
 * Runs the cases against the harness of a module, writes the files that were asked for, and returns the exit code.
 *
 * @throws CannotJudge when it cannot begin.
 */
export async function runCommand(harnessFile: string, options: RunOptions): Promise<number> {
  const { seed, caseTimeout, timeBudget, quiet = false } = options
  const selection = readSelection(options)
  const waivers = await readWaivers(options.waivers)
  for (const { option } of FILES) if (options[option] !== undefined) await prepareFile(options[option])
  const harness = await loadHarness(harnessFile)
  const progress = quiet ? null : createProgressPrinter(process.stderr)
  const interruption = interruptible()
  const report = await runConformance(harness, {
    ...{ ...selection, waivers, signal: interruption.signal },
    ...(seed === undefined ? {} : { seed }),
    ...(caseTimeout === undefined ? {} : { caseTimeoutMs: caseTimeout }),
    ...(timeBudget === undefined ? {} : { timeBudgetMs: timeBudget * 1_000 }),
    onProgress: (event) => progress?.show(event),
  }).finally(() => interruption.end())
  progress?.end()
  for (const { option, render } of FILES)
    if (options[option] !== undefined) await writeText(options[option], render(report))
  if (report.manifest === null) throw new CannotJudge(report.reasons.join(' '))
  process.stdout.write(quiet ? `verdict: ${describeVerdict(report.verdict)}\n` : `${formatReport(report)}\n`)
  return exitCodeOf(report.verdict)
}

function readSelection({ suite, rule }: RunOptions): CaseSelection {
  const named = {
    ...(suite === undefined ? {} : { suites: suite.map((name) => name.toUpperCase()) }),
    ...(rule === undefined ? {} : { rules: rule.map((name) => name.toUpperCase()) }),
  }
  // What they name is checked in the next line.
  const selection = named as { readonly suites?: readonly RuleSection[]; readonly rules?: readonly RuleId[] }
  const unknown = findUnknownSelection([...CASES, ...CAPABILITY_CASES], selection)
  if (unknown.length > 0) throw new CannotJudge(unknown.join(' '))
  return selection
}

async function readWaivers(file: string | undefined): Promise<readonly Waiver[]> {
  if (file === undefined) return []
  const judged = judgeWaivers(await readJson(file), new Date())
  if (!judged.ok) throw new CannotJudge(`${file}: ${judged.reasons.join(' ')}`)
  return judged.waivers
}

/** The first signal ends the run after its case, so that the harness is disposed of; the second ends the process. */
function interruptible(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  return {
    signal: controller.signal,
    end: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  }
}
