import type { Measured } from '../measure/interleave.ts'
import type { Part, Results } from '../results.ts'
import { CALLERS, type ComparisonKey, PATHS, type PathName } from '../suites/comparison.ts'
import type { GrowthKey } from '../suites/growth.ts'
import { IMPORT_PATHS } from '../suites/import.ts'
import { MEMORY_OPERATIONS, MEMORY_TITLES, memoryWorlds } from '../suites/memory.ts'
import { OPERATION_TITLES, OPERATIONS } from '../suites/operations.ts'
import { BATCHES, CONSUMERS, QUEUES } from '../suites/outbox.ts'
import { HELD_BACK } from './held-back.ts'
import { growthRatios, importRate, judge, memoryRate, queueRate, rateOf, type Verdict } from './judge.ts'
import { figure, number, round, table } from './tables.ts'

const PATH_TITLES: { readonly [Path in PathName]: string } = {
  limit: 'pgbench, one pipeline (the limit)',
  store: 'store',
  service: 'service command',
  pg: '`pg`, one await per statement',
  prisma: 'Prisma interactive transaction',
  prismaCommand: 'Prisma, with the reads of the command',
}

const PREFACE = `# Performance

Generated from \`apps/bench/results/latest.json\` by \`pnpm bench\`; \`pnpm bench --render\` writes it again. How it is
measured, and why like this: [decision 14](decisions/0014-the-limit-is-the-same-sql.md).

The *limit* is what pgbench reaches with the statements the store sends, recorded from the driver, prepared, in one
pipeline, with the same login under the same row-level security. Figures are medians of interleaved rounds, with clients and
server on the same cores. Only ratios within a part are to be compared; absolute figures belong to the machine.`

/** The whole page. */
export function renderMarkdown(results: Results): string {
  const sections = [
    PREFACE,
    describeParts(results),
    targets(judge(results)),
    comparison(results),
    outbox(results),
    bulk(results),
    memory(results),
    growth(results),
    profiles(results),
    HELD_BACK,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function describeParts(results: Results): string {
  const parts: readonly (readonly [string, Part<unknown> | undefined])[] = [
    ['operations', results.comparison],
    ['outbox', results.outbox],
    ['import', results.import],
    ['memory', results.memory],
    ['growth', results.growth],
  ]
  const rows = parts.flatMap(([name, part]) => {
    if (part === undefined) return []
    const { machine, measuredAt, durationMs, quick, cells } = part
    return [
      [
        name,
        measuredAt.slice(0, 16).replace('T', ' '),
        `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
        `${machine.postgres === null ? '' : `Postgres ${machine.postgres}, `}Node ${machine.node}`,
        `${cells[0]?.rounds ?? 0} rounds of ${durationMs / 1000} s${quick ? ', quick' : ''}`,
      ],
    ]
  })
  return `## The machine\n\n${table(['part', 'measured (UTC)', 'machine', 'software', 'rounds'], rows)}`
}

function targets(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return ''
  const met = verdicts.filter((verdict) => verdict.met).length
  const rows = verdicts.map(({ group, what, target, measured, met: isMet }) => {
    const sign = group === 'growth' ? '≤' : '≥'
    return [
      group,
      what,
      `${sign} ${target >= 1_000 ? round(target) : target}`,
      figure(measured),
      isMet ? 'met' : `**missed** by ${figure(Math.abs(measured - target))}`,
    ]
  })
  return `## Targets\n\n${met} of ${verdicts.length} are met.\n\n${table(['against', 'what', 'target', 'measured', ''], rows)}`
}

function comparison(results: Results): string {
  const part = results.comparison
  if (part === undefined) return ''
  const find = (operation: string, path: string, callers: number) =>
    part.cells.find(({ key }) => key.operation === operation && key.path === path && key.callers === callers)
  const sections = OPERATIONS.flatMap((operation) => {
    const rows = CALLERS.flatMap((callers) =>
      PATHS.flatMap((path) => {
        const cell = find(operation, path, callers)
        return cell === undefined ? [] : [comparisonRow(cell, rateOf(results, operation, 'limit', callers))]
      }),
    )
    const head = [
      'path',
      'callers',
      'per second',
      'of the limit',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'client µs',
      'server µs',
    ]
    return rows.length === 0 ? [] : [`### ${capital(OPERATION_TITLES[operation])}\n\n${table(head, rows)}`]
  })
  const { users, tenants } = part.size
  return `## Operations\n\n${round(users)} users, ${tenants} tenant${tenants === 1 ? '' : 's'}. CPU is per operation.\n\n![Rates as parts of the limit](performance.svg)\n\n${sections.join('\n\n')}`
}

function comparisonRow({ key, median }: Measured<ComparisonKey>, limit: number): readonly string[] {
  const { rate, latency, clientCpu, serverCpu } = median
  return [
    PATH_TITLES[key.path],
    String(key.callers),
    round(rate),
    number(rate / limit),
    ...[latency.p50, latency.p95, latency.p99].map(number),
    round(clientCpu),
    round(serverCpu),
  ]
}

function outbox(results: Results): string {
  if (results.outbox === undefined) return ''
  const rows = BATCHES.flatMap((batch) =>
    CONSUMERS.map((consumers) => [
      String(batch),
      String(consumers),
      ...QUEUES.map((queue) => round(queueRate(results, { queue, batch, consumers }))),
    ]),
  )
  return `## Outbox: claim and acknowledge, events per second\n\nOurs keeps the order per aggregate. graphile-worker takes its jobs by itself, with a local queue of the size of the batch; its time includes the start and the stop of its workers.\n\n${table(['batch', 'consumers', ...QUEUES], rows)}`
}

function bulk(results: Results): string {
  if (results.import === undefined) return ''
  const copy = importRate(results, 'copy')
  const rows = IMPORT_PATHS.map((path) => [
    path,
    round(importRate(results, path)),
    number(importRate(results, path) / copy),
  ])
  return `## Import, users per second\n\n${round(results.import.users)} users a round, four rows each, in as long as it takes, 500 in a unit of work, two of them under way at once; COPY takes half of them in each of two transactions. The service's figure includes who it is, audit records and events.\n\n${table(['path', 'users per second', 'of COPY'], rows)}`
}

function memory(results: Results): string {
  const part = results.memory
  if (part === undefined) return ''
  const worlds = memoryWorlds(part.cells)
  const [smallest] = worlds
  const titles = worlds.map(({ records, commands }) => {
    return commands === 0
      ? `${round(records)} records`
      : `${round(records)} after ${round(commands)} commands`
  })
  const others = worlds.slice(1)
  const rows = MEMORY_OPERATIONS.map((operation) => {
    const rates = worlds.map((world) => memoryRate(results, operation, world))
    const first = rates[0] ?? Number.NaN
    return [
      MEMORY_TITLES[operation],
      ...rates.map(round),
      ...rates.slice(1).map((rate) => number(first / rate)),
    ]
  })
  const head = ['operation', ...titles, ...titles.slice(1).map((title) => `${titles[0]} / ${title}`)]
  const use = part.use.map(({ records, commands, bytesPerRecord, bytesPerCommand }) => [
    round(records),
    round(commands),
    round(bytesPerRecord),
    round(bytesPerCommand),
  ])
  if (smallest === undefined || others.length === 0) return ''
  return [
    '## The store in memory',
    'Commands and queries of the service, whole, on the store in memory, per second of one core: the time of all threads of the process counts, the garbage collector\u2019s too. Each world has a process of its own; records are users, accounts, presences, identities and profile values of one tenant. Commands that have been left an audit record, an acknowledged event and the result of an idempotency key each. The reference makes the records that provisioning a user writes, with an id each, checks them and puts each into a plain `Map`, beside as many: no transaction, no index, no order of commits.',
    table(head, rows),
    table(['records', 'commands before', 'bytes per record', 'bytes left by a command'], use),
  ].join('\n\n')
}

function growth(results: Results): string {
  const part = results.growth
  if (part === undefined) return ''
  const rows = growthRatios(results).map(({ key, small, large, ratio }) => [
    key.operation === 'claimAndAck' ? 'claim and ack of 100 (events)' : OPERATION_TITLES[key.operation],
    key.condition,
    String(key.callers),
    round(small),
    round(large),
    number(ratio),
  ])
  const say = ({ users, tenants, delivered, auditRecords }: typeof part.small) =>
    `${round(users)} users in ${round(tenants)} tenants, ${round(delivered)} delivered events, ${round(auditRecords)} audit records`
  return `## Growth\n\nSmall: ${say(part.small)}. Large: ${say(part.large)}.${pages(part)}\n\n${table(['operation', 'condition', 'callers', 'small, per second', 'large, per second', 'small / large'], rows)}`
}

function profiles({ comparison: operations, import: bulk }: Results): string {
  const named = [
    ...(operations?.profiles ?? []).map((profile) => {
      const { operation, path, callers } = profile.key
      const title = `${OPERATION_TITLES[operation]}, ${PATH_TITLES[path]}, ${callers} caller${callers === 1 ? '' : 's'}`
      return { title, profile }
    }),
    ...(bulk?.profiles ?? []).map((profile) => ({ title: `import, ${profile.key.path}`, profile })),
  ]
  if (named.length === 0) return ''
  const sections = named.map(({ title, profile: { microseconds, top } }) => {
    const rows = top.map((one) => [`\`${one.name}\``, one.place, number(one.microseconds)])
    return `### ${capital(title)}: ${number(microseconds)} µs an operation under the profiler\n\n${table(['function', 'where', 'µs of its own'], rows)}`
  })
  return `## Profiles of what missed a target\n\nThe processor time of the client by function, in a round of its own. \`writev\` is the kernel's work of sending, on one machine most of that of receiving as well.\n\n${sections.join('\n\n')}`
}

// What a page costs more in the large world it costs more in one a tenth as large.
function pages({ cells, middle }: NonNullable<Results['growth']>): string {
  const rates = CALLERS.map((callers) => {
    const rateIn = (world: GrowthKey['world']) =>
      cells.find(({ key }) => key.world === world && key.operation === 'listPage' && key.callers === callers)
        ?.median.rate ?? Number.NaN
    const ratio = rateIn('middle') / rateIn('large')
    return `${round(rateIn('middle'))} per second with ${callers}, ${number(ratio)} times the large one`
  })
  return ` Between them for pages, with tenants as large as those of the large one: ${round(middle.users)} users in ${round(middle.tenants)} tenants, ${rates.join('; ')}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
