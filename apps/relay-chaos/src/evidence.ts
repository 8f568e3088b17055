/** What was seen of a run, by those who saw it. Moments are on the machine's monotonic clock, which all processes share. */
export interface Evidence {
  /** Every event that was committed; those of one aggregate in the order of their commits. */
  readonly committed: readonly CommittedEvent[]
  /** Everything the receiver took over, in the order in which it did. */
  readonly takings: readonly Taking[]
  /** How often the receiver refused an event. */
  readonly refusals: number
  readonly relays: readonly RelayLog[]
  readonly faults: readonly Fault[]
  /** What the outbox says in the end. */
  readonly left: { readonly pending: number; readonly leased: number; readonly dead: number }
}

export interface CommittedEvent {
  readonly id: string
  /** Its aggregate, as a text. */
  readonly aggregate: string
}

/** An event that the receiver took over. */
export interface Taking {
  readonly atMs: number
  readonly eventId: string
  /** The relay process that sent it; `null` where the receiver cannot know. */
  readonly relay: string | null
}

/** What a relay process wrote down, line by line, before and after it spoke with the outbox. */
export interface RelayLog {
  readonly relay: string
  readonly records: readonly RelayRecord[]
}

export interface RelayRecord {
  /**
   * When it happened: for `claimed` when the relay asked. It may sleep between the answer and its note, and others claim
   * and acknowledge meanwhile.
   */
  readonly atMs: number
  /**
   * `delivered` is what the sink said of an event; `acknowledging` is written before a call, `acknowledged` or `refused` after
   * it, and nothing when the relay did not learn how it ended.
   */
  readonly kind: 'claimed' | 'delivered' | 'acknowledging' | 'acknowledged' | 'refused'
  readonly eventIds: readonly string[]
  /** Which acknowledgement of the process it is about. */
  readonly call?: number
}

/** What was done to a relay process. */
export interface Fault {
  readonly kind: 'killed' | 'paused'
  readonly relay: string
  readonly atMs: number
  /** When a paused process went on; the moment of its death for one that was killed. */
  readonly untilMs: number
}

/** Milliseconds on the machine's monotonic clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
