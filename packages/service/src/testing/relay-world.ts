import type { DeadLetter, OutboxEvent } from '@user-engine/store-protocol'
import { onTestFinished } from 'vitest'
import { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from '../relay/outbox-relay.ts'
import type { RelayEvent, RelayReport } from '../relay/relay-event.ts'
import { eventually } from './eventually.ts'
import { createFaultyOutbox, type FaultyOutbox } from './faulty-outbox.ts'
import { openTestStore } from './open-test-store.ts'
import { createScriptedSink, type ScriptedSink } from './scripted-sink.ts'
import type { TestStoreOptions } from './test-store-options.ts'
import { CANARY, eventsOf, openWorld, PLATFORM, versionOf, type World } from './world.ts'

/** A world with an outbox, a sink and relays in a test's hands. */
export interface RelayWorld extends World {
  readonly outbox: FaultyOutbox
  readonly sink: ScriptedSink
  /** Everything that the relays of this world told. */
  readonly told: RelayEvent[]
  /** A relay that polls without pause and stops when the test has finished. */
  relayOf(options?: Partial<OutboxRelayOptions>): OutboxRelay
}

export async function openRelayWorld(options: TestStoreOptions = {}): Promise<RelayWorld> {
  const world = await openWorld(() => openTestStore(options))
  const outbox = createFaultyOutbox(world.store.outbox)
  const sink = createScriptedSink()
  const told: RelayEvent[] = []
  const relayOf = (rest: Partial<OutboxRelayOptions> = {}) => {
    const relay = createOutboxRelay({
      outbox,
      sink,
      consumer: 'test',
      backoff: () => 0,
      idlePollMs: 1,
      onEvent: (event) => told.push(event),
      ...rest,
    })
    onTestFinished(() => relay.stop())
    return relay
  }
  return { ...world, outbox, sink, told, relayOf }
}

/** Starts a relay and stops it while its first delivery is under way; what the batch has besides is untried. */
export async function stopWhileBusy(world: RelayWorld): Promise<OutboxRelay> {
  const letGo = world.sink.hold()
  const relay = world.relayOf({ concurrency: 1 })
  relay.start()
  await eventually(() => world.sink.busy === 1)
  const stopped = relay.stop()
  letGo()
  await stopped
  return relay
}

/** Makes users with two events each: created, suspended. Returns the events in the order of their commits. */
export async function emitEvents(world: World, users: number): Promise<OutboxEvent[]> {
  for (let count = 0; count < users; count++) {
    const user = await world.engine.users.create(PLATFORM, { kind: 'person', displayName: CANARY })
    await world.engine.users.suspend(PLATFORM, versionOf(user))
  }
  return await eventsOf(world, PLATFORM)
}

/** The ids of events, in their order. */
export const idsOf = (events: readonly OutboxEvent[]) => events.map(({ id }) => id)

/** The ids of the events of each aggregate, in their order. */
export function idsByAggregate(events: readonly OutboxEvent[]): readonly string[][] {
  return [...Map.groupBy(events, ({ aggregateId }) => aggregateId).values()].map(idsOf)
}

/** What kinds of things were told, in order. */
export const kinds = (told: readonly RelayEvent[]) => told.map(({ kind }) => kind)

/** How often the outbox was called for something. */
export const callsOf = ({ outbox }: RelayWorld, wanted: string) =>
  outbox.calls.filter(({ operation }) => operation === wanted)

/** A report in which everything that is not named is 0. */
export const reportOf = (report: Partial<RelayReport>): RelayReport => ({
  claimed: 0,
  delivered: 0,
  failed: 0,
  deadLettered: 0,
  released: 0,
  lost: 0,
  ...report,
})

export async function deadLettersOf({ store }: World): Promise<readonly DeadLetter[]> {
  return (await store.outbox.listDeadLetters()).items
}
