// What another process does with its store, as data on the way there and back.
import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError, type OutboxDelivery, type UserEngineStore } from '@user-engine/store-protocol'
import pRetry from 'p-retry'
import { createRecordMaker, type RecordMaker } from '../records.ts'

export interface ProcessJob {
  readonly tenantId: string
  /** Seeds ids: every process has its own. */
  readonly seed: number
}

/** Tells the parent how far a job has come; resolves once the message is on its way. */
export type Report = (progress: unknown) => Promise<void>

export interface ProcessJobs {
  /** Raises the version of a user so many times, repeating what lost against others. */
  increment(job: ProcessJob & { readonly userId: string; readonly times: number }): {
    readonly repeats: number
    /** When it was at work, in milliseconds since 1970. */
    readonly startedAt: number
    readonly endedAt: number
  }
  /** Changes a user inside a transaction, reports, and never ends it. */
  hold(job: ProcessJob & { readonly userId: string }): never
  /** Writes members, each with audit record and event, and reports the user of every acknowledged one; never ends. */
  write(job: ProcessJob): never
  /** Inserts a user under an idempotency key and returns what `transact` returned. */
  once(job: ProcessJob & { readonly key: string }): { readonly userId: string }
  /** Claims once and keeps what it was given. */
  claim(job: ProcessJob & { readonly limit: number; readonly leaseMs: number }): readonly HandedOver[]
  /** Acknowledges, and says with which code that was refused. */
  ack(job: ProcessJob & { readonly token: number; readonly eventIds: readonly string[] }): {
    readonly refusedWith: string | null
  }
  /** Claims and acknowledges until nothing is left, or claims once, reports and dies holding when `holds` says so. */
  drain(
    job: ProcessJob & {
      readonly consumer: string
      readonly leaseMs: number
      readonly holds: boolean
      readonly total: number
    },
  ): { readonly acked: readonly HandedOver[] }
}

/** An event as the books of a process hold it. */
export interface HandedOver {
  readonly id: string
  readonly aggregateId: string
  readonly attempt: number
  readonly token: number
}

type Result<Name extends keyof ProcessJobs> = Promise<ReturnType<ProcessJobs[Name]>>

/** The jobs, by name. */
export const JOBS: {
  readonly [Name in keyof ProcessJobs]: (
    store: UserEngineStore,
    job: Parameters<ProcessJobs[Name]>[0],
    report: Report,
  ) => Result<Name>
} = { increment, hold, write, once, claim, ack, drain }

async function increment(
  store: UserEngineStore,
  { tenantId, seed, userId, times }: Parameters<ProcessJobs['increment']>[0],
): Result<'increment'> {
  const make = createRecordMaker(seed)
  const startedAt = Date.now()
  let repeats = 0
  const step = () =>
    store.transact({ tenantId }, async (tx) => {
      const version = (await tx.users.get(userId))?.version ?? 0
      await tx.users.update(make.update(userId, version, { displayName: `version ${version + 1}` }))
      const target = { type: 'user', id: userId } as const
      await tx.audit.append(make.audit(tenantId, { target, correlationId: `saw ${version}` }))
    })
  const options = {
    ...{ retries: 500, minTimeout: 1, maxTimeout: 50, factor: 1.5, randomize: true },
    shouldRetry: ({ error }: { readonly error: Error }) => {
      repeats += 1
      return isUserEngineError(error) && (error.code === 'VERSION_CONFLICT' || error.retryable)
    },
  }
  for (let time = 0; time < times; time++) await pRetry(step, options)
  return { repeats, startedAt, endedAt: Date.now() }
}

async function hold(
  store: UserEngineStore,
  { tenantId, seed, userId }: Parameters<ProcessJobs['hold']>[0],
  report: Report,
): Result<'hold'> {
  const make = createRecordMaker(seed)
  const { maxTimeoutMs } = store.capabilities.transactions
  return await store.transact(
    { tenantId },
    async (tx) => {
      await tx.users.update(make.update(userId, 1, { displayName: 'held' }))
      await tx.audit.append(make.audit(tenantId))
      await tx.users.get(userId)
      await report('holding')
      return await new Promise<never>(() => {})
    },
    { timeoutMs: Math.min(60_000, maxTimeoutMs) },
  )
}

async function write(
  store: UserEngineStore,
  { tenantId, seed }: Parameters<ProcessJobs['write']>[0],
  report: Report,
): Result<'write'> {
  const make = createRecordMaker(seed)
  for (;;) await report(await writeMember(store, make, tenantId))
}

async function writeMember(store: UserEngineStore, make: RecordMaker, tenantId: string): Promise<string> {
  return await store.transact({ tenantId }, (tx) => {
    const { user } = make.insertMember(tx, tenantId)
    void tx.audit.append(make.audit(tenantId, { target: { type: 'user', id: user.id } }))
    void tx.outbox.append(make.event(tenantId, { aggregateId: user.id }))
    return user.id
  })
}

async function once(
  store: UserEngineStore,
  { tenantId, seed, key }: Parameters<ProcessJobs['once']>[0],
): Result<'once'> {
  const make = createRecordMaker(seed)
  const insert = () =>
    store.transact(
      { tenantId },
      async (tx) => {
        const { user } = make.insertMember(tx, tenantId)
        await tx.users.get(user.id)
        return { userId: user.id }
      },
      { idempotency: { key, fingerprint: 'the same' } },
    )
  return await pRetry(insert, {
    ...{ retries: 100, minTimeout: 1, maxTimeout: 50, randomize: true },
    shouldRetry: ({ error }) => isUserEngineError(error) && error.retryable,
  })
}

async function claim(
  store: UserEngineStore,
  { limit, leaseMs, seed }: Parameters<ProcessJobs['claim']>[0],
): Result<'claim'> {
  const { token, deliveries } = await store.outbox.claim({ consumer: `process ${seed}`, limit, leaseMs })
  return deliveries.map((delivery) => handedOver(delivery, token))
}

async function ack(
  store: UserEngineStore,
  { token, eventIds }: Parameters<ProcessJobs['ack']>[0],
): Result<'ack'> {
  return await store.outbox.ack({ token, eventIds: [...eventIds] }).then(
    () => ({ refusedWith: null }),
    (error: unknown) => {
      if (isUserEngineError(error)) return { refusedWith: error.code }
      throw error
    },
  )
}

async function drain(
  store: UserEngineStore,
  { consumer, leaseMs, holds, total }: Parameters<ProcessJobs['drain']>[0],
  report: Report,
): Result<'drain'> {
  const acked: HandedOver[] = []
  for (;;) {
    const { token, deliveries } = await store.outbox.claim({ consumer, limit: 2, leaseMs })
    const handed = deliveries.map((delivery) => handedOver(delivery, token))
    if (holds && handed.length > 0) {
      await report(handed)
      return await new Promise<never>(() => {})
    }
    if (handed.length === 0) {
      const { pending, leased } = await store.outbox.stats()
      if (pending + leased === 0) return { acked }
      // What others hold is settled or runs out in real time.
      await delay(10)
      continue
    }
    const eventIds = handed.map(({ id }) => id)
    const isOurs = await store.outbox.ack({ token, eventIds }).then(
      () => true,
      (error: unknown) => {
        if (isUserEngineError(error, 'STALE_LEASE')) return false
        throw error
      },
    )
    if (isOurs) acked.push(...handed)
    if (acked.length > total) return { acked }
  }
}

function handedOver({ event, attempt }: OutboxDelivery, token: number): HandedOver {
  return { id: event.id, aggregateId: event.aggregateId, attempt, token }
}
