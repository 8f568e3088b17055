// How what was asked for becomes the statements of a batch. Calls take effect in the order they were made [TXN-08]; a
// long run of inserts is nevertheless sent as one statement per kind, parents before children, which nobody can tell
// from the order of the calls:
//
//   - nothing reads between them, and inserts of different tables change nothing for each other except that a record
//     can be referred to once it is there;
//   - where a call of the run refers to a record that only a later one makes, the run is sent as it was asked for;
//   - rows of one table keep the order of their calls, so positions in the logs are those of single inserts;
//   - a run stands in a savepoint of its own. When any of its statements is refused it is undone and sent again call
//     by call, so that the call at fault gets its own error, and nobody else's.
import type { UserEngineError } from '@user-engine/store-protocol'
import type { StatementSubject } from './connection/map-error.ts'
import type { Parameter, Row, Statement, StatementCall } from './connection/statement.ts'
import { RUN_OF_INSERTS, releaseSavepoint, rollbackToSavepoint, savepoint } from './savepoints.ts'
import { arrayParameter, type ColumnType } from './sql/array-parameters.ts'

/** A call of a transaction that waits to be sent. */
export interface QueuedCall extends StatementCall {
  /** The nested transaction it belongs to. */
  readonly level: number
  readonly subject: StatementSubject | null
  /** How it travels with others of its kind; `null` for what always travels alone. */
  readonly bulk: BulkInsert | null
  readonly waiting: { settle(rows: readonly Row[]): void; fail(error: UserEngineError): void } | null
}

/** How the insert of one record travels with others. */
export interface BulkInsert {
  /** Takes an array for each column, and after them whatever the insert of one record takes besides. */
  readonly many: Statement
  /** The types of the columns, which are the first of the insert's values. */
  readonly types: readonly ColumnType[]
  /** The record that must be there before. */
  readonly parent: Pick<StatementSubject, 'entity' | 'id'> | null
}

/** One statement of a batch. */
export interface Step {
  readonly call: StatementCall
  /** The calls that it carries out; none for what only surrounds others. */
  readonly calls: readonly QueuedCall[]
  /** The run of inserts that it is a part of, in the order of the calls. */
  readonly run: readonly QueuedCall[] | null
}

/** A run that saves fewer statements than this is sent as it is: a savepoint and arrays cost something as well. */
const WORTH_SAVING = 8
/** How many rows one statement inserts at most, so that none takes long. */
const MAX_ROWS = 1_000

const PARENTS_FIRST: readonly StatementSubject['entity'][] = [
  'user',
  'account',
  'tenant-account',
  'external-identity',
  'profile-value',
  'membership',
  'audit-record',
  'outbox-event',
]

/** The statements for what is queued. */
export function planBatch(queue: readonly QueuedCall[]): readonly Step[] {
  const steps: Step[] = []
  for (let from = 0; from < queue.length; ) {
    const run = runFrom(queue, from)
    steps.push(...(run.length > 0 ? planRun(run) : queue.slice(from, from + 1).map(single)))
    from += Math.max(1, run.length)
  }
  return steps
}

/** A statement that carries out no call. */
export function surrounding(call: StatementCall): Step {
  return { call, calls: [], run: null }
}

/**
 * What to send instead when a run was refused at this step: its calls one by one, and all that followed it, with
 * `first` before everything. `null` for a step that is no part of a run.
 */
export function withoutRun(
  steps: readonly Step[],
  failedAt: number,
  first: readonly StatementCall[],
): readonly Step[] | null {
  const run = steps[failedAt]?.run ?? null
  if (run === null) return null
  const undo = [rollbackToSavepoint(RUN_OF_INSERTS), releaseSavepoint(RUN_OF_INSERTS), ...first]
  const rest = steps.slice(failedAt).filter((step) => step.run !== run)
  return [...undo.map(surrounding), ...run.map(single), ...rest]
}

function single(call: QueuedCall): Step {
  return { call, calls: [call], run: null }
}

function runFrom(queue: readonly QueuedCall[], from: number): readonly QueuedCall[] {
  const level = queue[from]?.level
  const isInside = (call: QueuedCall | undefined) => call?.bulk != null && call.level === level
  let end = from
  while (isInside(queue[end])) end += 1
  return queue.slice(from, end)
}

function planRun(run: readonly QueuedCall[]): readonly Step[] {
  if (run.length < WORTH_SAVING) return run.map(single)
  const kinds = Map.groupBy(run, ({ bulk, statement }) => bulk?.many ?? statement)
  if (run.length - kinds.size < WORTH_SAVING || refersAhead(run)) return run.map(single)
  const step = (call: StatementCall, calls: readonly QueuedCall[] = []): Step => ({ call, calls, run })
  const inserts = [...kinds]
    .toSorted(([, [one]], [, [other]]) => rankOf(one) - rankOf(other))
    .flatMap(([many, calls]) => chunksOf(calls).map((chunk) => step(together(many, chunk), chunk)))
  return [step(savepoint(RUN_OF_INSERTS)), ...inserts, step(releaseSavepoint(RUN_OF_INSERTS))]
}

// Call by call such an insert is refused, or the later one is: the record is there already.
function refersAhead(run: readonly QueuedCall[]): boolean {
  const referred = new Map<string, Set<string>>()
  for (const { subject, bulk } of run) {
    if (subject !== null && referred.get(subject.entity)?.has(subject.id)) return true
    if (bulk?.parent == null) continue
    const { entity, id } = bulk.parent
    const ids = referred.get(entity)
    if (ids === undefined) referred.set(entity, new Set([id]))
    else ids.add(id)
  }
  return false
}

function rankOf(call: QueuedCall | undefined): number {
  return call?.subject == null ? -1 : PARENTS_FIRST.indexOf(call.subject.entity)
}

function chunksOf(calls: readonly QueuedCall[]): readonly (readonly QueuedCall[])[] {
  const chunks = []
  for (let from = 0; from < calls.length; from += MAX_ROWS) chunks.push(calls.slice(from, from + MAX_ROWS))
  return chunks
}

function together(many: Statement, calls: readonly QueuedCall[]): StatementCall {
  const [first] = calls
  const types = first?.bulk?.types ?? []
  const arrays = types.map((type, column) =>
    arrayParameter(
      type,
      calls.map(({ values }) => values[column] as Parameter),
    ),
  )
  return { statement: many, values: [...arrays, ...(first?.values.slice(types.length) ?? [])] }
}
