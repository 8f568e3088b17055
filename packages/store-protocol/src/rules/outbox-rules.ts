import type { Rule } from './rule.ts'

/** Outbox: the rules of section OBX. */
export const OUTBOX_RULES = [
  {
    id: 'OBX-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'No event of a committed transaction is ever lost and no event of an aborted one is ever seen. A transaction that began first and commits last is not skipped.',
    reason: 'Cursors over sequences lose exactly these events.',
  },
  {
    id: 'OBX-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`claim` leases a batch to one consumer; at any time at most one live lease holds an event.',
    reason: 'Two consumers at one event reorder and duplicate it.',
  },
  {
    id: 'OBX-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Every claim carries a fencing token that only grows. `ack`, `extend`, `nack`, `release` and `deadLetter` with a stale token are refused with `STALE_LEASE` and change nothing.',
    reason: 'A consumer that was paused wakes up believing it still holds the lease.',
  },
  {
    id: 'OBX-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A consumer that dies loses nothing: its lease runs out and the events are claimed again, with `attempt` one higher.',
    reason: 'Processes die.',
  },
  {
    id: 'OBX-05',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Per aggregate, events are handed over in commit order, with any number of consumers, retries and poison events: a later event never overtakes an earlier one that is neither acknowledged nor dead.',
    reason: 'A consumer that sees `deactivated` before `created` is broken for ever.',
  },
  {
    id: 'OBX-06',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Each event is acknowledged exactly once: at-least-once hand-over, exactly-once acknowledgement, effectively-once for a consumer that keeps the event id.',
    reason: 'The guarantee is named as what it is.',
  },
  {
    id: 'OBX-07',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A poison event ends in the dead letters after the number of attempts the manifest states, with its reason, and can be replayed.',
    reason: 'One event must not stop the rest, nor vanish.',
  },
  {
    id: 'OBX-08',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The cost of claim and ack stays flat as the delivered history grows.',
    reason: 'An outbox that slows down with age fails on its best customer.',
  },
  {
    id: 'OBX-09',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`stats` gives pending, leased and dead events, the age of the oldest, and what blocks.',
    reason: 'An operator needs to know what to unblock.',
  },
  {
    id: 'OBX-10',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`release` gives events back that nobody has tried, as if the claim had not been: due at once, in their place, with the same `attempt` at the next hand-over, and never to the dead letters.',
    reason:
      'A consumer that stops has tried nothing; it must neither use up attempts nor let later events overtake.',
  },
] as const satisfies readonly Rule[]
