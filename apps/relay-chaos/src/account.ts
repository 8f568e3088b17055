/**
 * The accounting of a run.
 *
 * Nothing here believes a relay: what was committed comes from the store, what arrived from the receiver, what was done
 * from whoever did it. A relay's own log only says when it asked and what it was answered.
 */
import type { Evidence, Fault, RelayRecord, Taking } from './evidence.ts'

export interface Account {
  readonly events: number
  readonly aggregates: number
  /** How often a sink told a relay that an event was taken over. */
  readonly deliveries: number
  readonly takings: number
  readonly refusals: number
  readonly kills: number
  readonly pauses: number
  /** Takings of an event that the receiver had taken before, by what explains them. */
  readonly duplicates: {
    readonly afterKill: number
    readonly aroundPause: number
    readonly unexplained: number
  }
  /** How many kills came between a delivery and its acknowledgement, and the most events that one of them left behind. */
  readonly killsWithDuplicates: number
  readonly mostDuplicatesOfOneKill: number
  readonly acknowledgements: {
    /** The outbox said so to the relay that asked. */
    readonly confirmed: number
    /** The relay asked and did not hear the answer, because it was killed or slept, and the event never came again. */
    readonly unheard: number
    /** Refused, because the lease had gone to somebody else. */
    readonly refused: number
  }
  /** Everything that must not be, as sentences; empty when all holds. */
  readonly violations: readonly string[]
}

/** Accounts for every event of a run. */
export function account(evidence: Evidence): Account {
  const { committed, takings, refusals, faults } = evidence
  const arrivals = Map.groupBy(takings, ({ eventId }) => eventId)
  const duplicates = explainDuplicates(arrivals, evidence)
  const settlement = accountForAcknowledgements(evidence)
  const { pending, leased, dead } = evidence.left
  return {
    events: committed.length,
    aggregates: new Set(committed.map(({ aggregate }) => aggregate)).size,
    deliveries: evidence.relays.flatMap(({ records }) => records).filter(({ kind }) => kind === 'delivered')
      .length,
    takings: takings.length,
    refusals,
    kills: faults.filter(({ kind }) => kind === 'killed').length,
    pauses: faults.filter(({ kind }) => kind === 'paused').length,
    ...duplicates,
    acknowledgements: settlement.acknowledgements,
    violations: [
      ...violation(pending + leased + dead, 'are left in the outbox'),
      ...violation(committed.filter(({ id }) => !arrivals.has(id)).length, 'were lost'),
      ...violation(countForeign(evidence), 'arrived and were never committed'),
      ...violation(countOutOfOrder(evidence), 'arrived before an earlier one of their aggregate'),
      ...violation(duplicates.duplicates.unexplained, 'arrived again for no reason'),
      ...settlement.violations,
    ],
  }
}

function violation(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} events ${what}`]
}

function countForeign({ committed, takings }: Evidence): number {
  const known = new Set(committed.map(({ id }) => id))
  return takings.filter(({ eventId }) => !known.has(eventId)).length
}

/** Events whose first arrival was before the first arrival of the one before them in their aggregate. */
function countOutOfOrder({ committed, takings }: Evidence): number {
  const firstArrival = new Map<string, number>()
  for (const [place, { eventId }] of takings.entries()) {
    if (!firstArrival.has(eventId)) firstArrival.set(eventId, place)
  }
  let count = 0
  for (const ofAggregate of Map.groupBy(committed, ({ aggregate }) => aggregate).values()) {
    let latest = -1
    for (const { id } of ofAggregate) {
      const place = firstArrival.get(id)
      if (place === undefined) continue
      if (place < latest) count++
      latest = Math.max(latest, place)
    }
  }
  return count
}

function explainDuplicates(arrivals: ReadonlyMap<string, readonly Taking[]>, evidence: Evidence) {
  const faultsOf = Map.groupBy(evidence.faults, ({ relay }) => relay)
  const acknowledged = confirmedAcknowledgements(evidence)
  const claimedMs = firstClaims(evidence)
  const duplicates = { afterKill: 0, aroundPause: 0, unexplained: 0 }
  const byKill = new Map<string, number>()
  for (const [eventId, takings] of arrivals) {
    for (const [index, taking] of takings.entries()) {
      const before = takings[index - 1]
      if (before === undefined) continue
      const killer = killedBefore(taking, faultsOf.get(before.relay ?? '') ?? [])
      if (killer !== undefined && !acknowledged.get(eventId)?.has(killer.relay)) {
        duplicates.afterKill++
        byKill.set(killer.relay, (byKill.get(killer.relay) ?? 0) + 1)
      } else if (
        // A sender may sleep before it sends as well as after: what it sends on waking up may come before what others send.
        [before, taking].some((sent) =>
          pausedBetween(faultsOf.get(sent.relay ?? '') ?? [], claimedMs(sent), taking.atMs),
        )
      ) {
        duplicates.aroundPause++
      } else duplicates.unexplained++
    }
  }
  return {
    duplicates,
    killsWithDuplicates: byKill.size,
    mostDuplicatesOfOneKill: Math.max(0, ...byKill.values()),
  }
}

/** The kill of a sender before an event was sent again. What was on its way arrives also after its sender's death. */
function killedBefore(next: Taking, faults: readonly Fault[]): Fault | undefined {
  return faults.find(({ kind, atMs }) => kind === 'killed' && atMs <= next.atMs)
}

function pausedBetween(faults: readonly Fault[], fromMs: number, toMs: number): boolean {
  return faults.some(({ kind, atMs, untilMs }) => kind === 'paused' && atMs <= toMs && untilMs >= fromMs)
}

/** Who was told that an event is acknowledged. */
function confirmedAcknowledgements({ relays }: Evidence): ReadonlyMap<string, ReadonlySet<string>> {
  const confirmed = new Map<string, Set<string>>()
  for (const { relay, records } of relays) {
    for (const { kind, eventIds } of records) {
      if (kind !== 'acknowledged') continue
      for (const id of eventIds) confirmed.set(id, (confirmed.get(id) ?? new Set()).add(relay))
    }
  }
  return confirmed
}

/**
 * When the sender of a taking first asked for the event. It may have asked again since: a request that slept on its way
 * belongs to an earlier claim than the last one before its arrival, and nobody can tell to which.
 */
function firstClaims({ relays }: Evidence): (taking: Taking) => number {
  const claims = new Map<string, number>()
  for (const { relay, records } of relays) {
    for (const { kind, eventIds, atMs } of records) {
      if (kind !== 'claimed') continue
      for (const id of eventIds) {
        const key = `${relay} ${id}`
        claims.set(key, Math.min(atMs, claims.get(key) ?? atMs))
      }
    }
  }
  return ({ relay, eventId }) => claims.get(`${relay} ${eventId}`) ?? 0
}

interface Settlement {
  readonly acknowledgements: Account['acknowledgements']
  readonly violations: readonly string[]
}

function accountForAcknowledgements({ committed, relays }: Evidence): Settlement {
  const confirmedAt = new Map<string, number[]>()
  const unheardAt = new Map<string, number[]>()
  const claimedAt = new Map<string, number[]>()
  let refused = 0
  const note = (moments: Map<string, number[]>, { eventIds, atMs }: RelayRecord) => {
    for (const id of eventIds) moments.set(id, [...(moments.get(id) ?? []), atMs])
  }
  for (const { records } of relays) {
    const answers = records.filter(({ kind }) => kind === 'acknowledged' || kind === 'refused')
    const answered = new Set(answers.map(({ call }) => call))
    for (const record of records) {
      const { kind, eventIds, call } = record
      if (kind === 'claimed') note(claimedAt, record)
      if (kind === 'acknowledged') note(confirmedAt, record)
      if (kind === 'refused') refused += eventIds.length
      if (kind === 'acknowledging' && !answered.has(call)) note(unheardAt, record)
    }
  }
  const isClaimedAfter = (id: string, moment: number) =>
    (claimedAt.get(id) ?? []).some((claimedMs) => claimedMs > moment)
  const unheard = (id: string) => (unheardAt.get(id) ?? []).filter((moment) => !isClaimedAfter(id, moment))
  const confirmed = (id: string) => confirmedAt.get(id) ?? []
  const ids = committed.map(({ id }) => id)
  const never = ids.filter((id) => confirmed(id).length === 0 && unheard(id).length === 0)
  const twice = ids.filter((id) => confirmed(id).length > 1)
  const later = ids.filter((id) => confirmed(id).some((moment) => isClaimedAfter(id, moment)))
  return {
    acknowledgements: {
      confirmed: ids.filter((id) => confirmed(id).length > 0).length,
      unheard: ids.filter((id) => confirmed(id).length === 0 && unheard(id).length > 0).length,
      refused,
    },
    violations: [
      ...violation(never.length, 'were never acknowledged'),
      ...violation(twice.length, 'were acknowledged twice'),
      ...violation(later.length, 'were handed over again after they had been acknowledged'),
    ],
  }
}
