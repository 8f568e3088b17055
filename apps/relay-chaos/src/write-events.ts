import { setTimeout as pause } from 'node:timers/promises'
import { type CommandContext, createUserEngineService, type UserEngineService } from '@user-engine/service'
import {
  isUserEngineError,
  type OutboxEntry,
  type Page,
  type Scope,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { CommittedEvent } from './evidence.ts'

/** What is written, and how fast. */
export interface WritePlan {
  /** How many events there are in the end. */
  readonly events: number
  /** How long writing takes, in milliseconds; the pace is even. */
  readonly forMs: number
  /** How many users are changed; default one for forty events. */
  readonly users?: number
}

const TENANTS = ['acme', 'globex', 'initech', 'umbrella']
const WRITERS = 8
/** Every so many changes one is rolled back: its event must never leave. */
const ROLL_BACK_ONE_IN = 20
const EVENTS_PER_USER = 40

const ACTOR = { type: 'system', id: 'chaos' } as const
const scopeOf = (tenantId: string | null): Scope =>
  tenantId === null ? { platform: true, reason: 'chaos' } : { tenantId }

interface WrittenUser {
  readonly id: string
  readonly context: CommandContext
  version: number
}

/** Writes events through the service: users of tenants and of the platform, changed by writers that get in each other's way. */
export async function writeEvents(store: UserEngineStore, plan: WritePlan): Promise<void> {
  const engine = createUserEngineService({ store, authorization: { authorize: () => ({ allowed: true }) } })
  const users = await createUsers(engine, plan.users ?? Math.ceil(plan.events / EVENTS_PER_USER))
  const begun = await countEvents(store)
  const startedAt = performance.now()
  let taken = begun
  const writer = async (): Promise<void> => {
    while (taken < plan.events) {
      taken++
      const due = startedAt + (plan.forMs * (taken - begun)) / (plan.events - begun)
      await pause(Math.max(0, due - performance.now()))
      const user = users[Math.floor(Math.random() * users.length)]
      if (user === undefined) throw new Error('there are users')
      if (taken % ROLL_BACK_ONE_IN === 0) await rollBack(engine, user)
      await change(engine, user, taken)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
}

async function createUsers(engine: UserEngineService, count: number): Promise<WrittenUser[]> {
  const users: WrittenUser[] = []
  for (let number = 0; number < count; number++) {
    const tenantId = [null, ...TENANTS][number % (TENANTS.length + 1)] ?? null
    const context = { scope: scopeOf(tenantId), actor: ACTOR }
    const user = { kind: 'person', displayName: `user ${number}` } as const
    if (tenantId === null) {
      const created = await engine.users.create(context, user)
      users.push({ id: created.id, context, version: created.version })
      continue
    }
    const { userId } = await engine.provisionUser(context, {
      user,
      account: { kind: 'human', name: null },
      identity: { issuer: 'https://idp.example', subject: `user-${number}` },
      memberships: [{ group: 'staff', role: 'member' }],
    })
    users.push({ id: userId, context, version: 1 })
  }
  return users
}

/** Changes a user, whatever other writers do meanwhile. */
async function change(engine: UserEngineService, user: WrittenUser, number: number): Promise<void> {
  const { id, context } = user
  for (;;) {
    try {
      const displayName = `name ${number}`
      const changed = await engine.users.update(context, { id, expectedVersion: user.version, displayName })
      user.version = Math.max(user.version, changed.version)
      return
    } catch (error) {
      if (!isUserEngineError(error, 'VERSION_CONFLICT')) throw error
      user.version = Math.max(user.version, (await engine.users.get(context, { id }))?.version ?? 0)
    }
  }
}

class ChangedMind extends Error {}

async function rollBack(engine: UserEngineService, { id, context, version }: WrittenUser): Promise<void> {
  try {
    await engine.transaction(context, async (inner) => {
      await inner.users.update(context, { id, expectedVersion: version, displayName: 'never' })
      throw new ChangedMind()
    })
  } catch (error) {
    if (!(error instanceof ChangedMind) && !isUserEngineError(error, 'VERSION_CONFLICT')) throw error
  }
}

async function countEvents(store: UserEngineStore): Promise<number> {
  return (await listEvents(store)).length
}

/** Every event of the store, those of one aggregate in the order of their commits. */
export async function listEvents(store: UserEngineStore): Promise<CommittedEvent[]> {
  const events: CommittedEvent[] = []
  for (const tenantId of [...TENANTS, null]) {
    let cursor: string | null = null
    do {
      const page: Page<OutboxEntry> = await readPage(store, scopeOf(tenantId), cursor)
      for (const { event } of page.items) {
        events.push({ id: event.id, aggregate: `${tenantId} ${event.aggregateType} ${event.aggregateId}` })
      }
      cursor = page.nextCursor
    } while (cursor !== null)
  }
  return events
}

function readPage(store: UserEngineStore, scope: Scope, after: string | null): Promise<Page<OutboxEntry>> {
  const page = { limit: 500, ...(after === null ? {} : { cursor: after }) }
  return store.read(scope, (reader) => reader.outbox.list({ page }))
}
