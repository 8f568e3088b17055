// The accounting sees what it is there for: each of these runs has one thing wrong.
import { expect, test } from 'vitest'
import { account } from './account.ts'
import type { Evidence, RelayRecord } from './evidence.ts'

const record = (kind: RelayRecord['kind'], atMs: number, ...eventIds: string[]): RelayRecord => ({
  kind,
  atMs,
  eventIds,
})

const acknowledged = (atMs: number, ...eventIds: string[]): RelayRecord[] => [
  { kind: 'acknowledging', atMs, eventIds, call: atMs },
  { kind: 'acknowledged', atMs: atMs + 1, eventIds, call: atMs },
]

/** Two events of one aggregate; `a` delivers both and is killed after it has acknowledged one, `b` delivers the other again. */
const RUN: Evidence = {
  committed: [
    { id: '1', aggregate: 'x' },
    { id: '2', aggregate: 'x' },
  ],
  takings: [
    { atMs: 10, eventId: '1', relay: 'a' },
    { atMs: 20, eventId: '2', relay: 'a' },
    { atMs: 50, eventId: '2', relay: 'b' },
  ],
  refusals: 0,
  relays: [
    { relay: 'a', records: [record('claimed', 5, '1', '2'), ...acknowledged(12, '1')] },
    { relay: 'b', records: [record('claimed', 45, '2'), ...acknowledged(55, '2')] },
  ],
  faults: [{ kind: 'killed', relay: 'a', atMs: 30, untilMs: 30 }],
  left: { pending: 0, leased: 0, dead: 0 },
}

test('a relay that died between a delivery and its acknowledgement explains a duplicate', () => {
  expect(account(RUN)).toEqual({
    events: 2,
    aggregates: 1,
    deliveries: 0,
    takings: 3,
    refusals: 0,
    kills: 1,
    pauses: 0,
    duplicates: { afterKill: 1, aroundPause: 0, unexplained: 0 },
    killsWithDuplicates: 1,
    mostDuplicatesOfOneKill: 1,
    acknowledgements: { confirmed: 2, unheard: 0, refused: 0 },
    violations: [],
  })
})

test('a relay that slept between a delivery and its acknowledgement explains a duplicate', () => {
  const run: Evidence = {
    ...RUN,
    faults: [{ kind: 'paused', relay: 'a', atMs: 30, untilMs: 100 }],
    relays: [
      {
        relay: 'a',
        records: [
          record('claimed', 5, '1', '2'),
          ...acknowledged(12, '1'),
          { kind: 'acknowledging', atMs: 29, eventIds: ['2'], call: 29 },
          { kind: 'refused', atMs: 101, eventIds: ['2'], call: 29 },
        ],
      },
      ...RUN.relays.slice(1),
    ],
  }
  expect(account(run)).toMatchObject({
    duplicates: { afterKill: 0, aroundPause: 1, unexplained: 0 },
    acknowledgements: { confirmed: 2, unheard: 0, refused: 1 },
    violations: [],
  })
})

test('a sleeper that sends again what another one has delivered meanwhile is seen', () => {
  const run: Evidence = {
    ...RUN,
    takings: [
      { atMs: 10, eventId: '1', relay: 'b' },
      { atMs: 20, eventId: '2', relay: 'b' },
      { atMs: 50, eventId: '2', relay: 'a' },
    ],
    relays: [
      { relay: 'a', records: [record('claimed', 1, '2')] },
      { relay: 'b', records: [record('claimed', 5, '1', '2'), ...acknowledged(21, '1', '2')] },
    ],
    faults: [{ kind: 'paused', relay: 'a', atMs: 2, untilMs: 49 }],
  }
  expect(account(run)).toMatchObject({ duplicates: { aroundPause: 1 }, violations: [] })
})

test('a sleeper that sends on waking up what another one has claimed meanwhile, and sends later, is seen', () => {
  const run: Evidence = {
    ...RUN,
    takings: [
      { atMs: 10, eventId: '1', relay: 'b' },
      { atMs: 50, eventId: '2', relay: 'a' },
      { atMs: 60, eventId: '2', relay: 'b' },
    ],
    relays: [
      { relay: 'a', records: [record('claimed', 1, '2')] },
      { relay: 'b', records: [record('claimed', 5, '1', '2'), ...acknowledged(61, '1', '2')] },
    ],
    faults: [{ kind: 'paused', relay: 'a', atMs: 2, untilMs: 49 }],
  }
  expect(account(run)).toMatchObject({ duplicates: { aroundPause: 1 }, violations: [] })
  const [fault] = run.faults
  const asleepBefore = { ...run, faults: fault === undefined ? [] : [{ ...fault, atMs: 0, untilMs: 0.5 }] }
  expect(account(asleepBefore).violations).toEqual(['1 events arrived again for no reason'])
})

test('a request that slept on its way and arrives after its sender has claimed again is seen', () => {
  const run: Evidence = {
    ...RUN,
    takings: [
      { atMs: 10, eventId: '1', relay: 'b' },
      { atMs: 51, eventId: '2', relay: 'a' },
      { atMs: 53, eventId: '2', relay: 'a' },
    ],
    relays: [
      {
        relay: 'a',
        records: [record('claimed', 1, '2'), record('claimed', 50, '2'), ...acknowledged(54, '2')],
      },
      { relay: 'b', records: [record('claimed', 5, '1'), ...acknowledged(11, '1')] },
    ],
    faults: [{ kind: 'paused', relay: 'a', atMs: 2, untilMs: 49 }],
  }
  expect(account(run)).toMatchObject({ duplicates: { aroundPause: 1 }, violations: [] })
})

test('an acknowledgement that was asked for and never heard counts when the event does not come again', () => {
  const [first, ...others] = RUN.relays
  const run: Evidence = {
    ...RUN,
    takings: RUN.takings.slice(0, 2),
    relays: [
      { relay: 'a', records: [...(first?.records ?? []), record('acknowledging', 29, '2')] },
      ...others.map(({ relay }) => ({ relay, records: [] })),
    ],
  }
  expect(account(run)).toMatchObject({
    acknowledgements: { confirmed: 1, unheard: 1, refused: 0 },
    violations: [],
  })
})

test('an answer that a sleeper did not hear counts as well, also when it asks again and is refused', () => {
  const run: Evidence = {
    ...RUN,
    takings: RUN.takings.slice(0, 2),
    relays: [
      {
        relay: 'a',
        records: [
          record('claimed', 5, '1', '2'),
          ...acknowledged(12, '1'),
          { kind: 'acknowledging', atMs: 29, eventIds: ['2'], call: 29 },
          { kind: 'acknowledging', atMs: 101, eventIds: ['2'], call: 101 },
          { kind: 'refused', atMs: 102, eventIds: ['2'], call: 101 },
        ],
      },
    ],
    faults: [{ kind: 'paused', relay: 'a', atMs: 30, untilMs: 100 }],
  }
  expect(account(run)).toMatchObject({
    acknowledgements: { confirmed: 1, unheard: 1, refused: 1 },
    violations: [],
  })
})

test.each<[string, Partial<Evidence>, string]>([
  ['an event that never arrives', { takings: RUN.takings.slice(0, 1) }, '1 events were lost'],
  [
    'an event that nobody has committed',
    { takings: [...RUN.takings, { atMs: 60, eventId: '3', relay: 'b' }] },
    '1 events arrived and were never committed',
  ],
  [
    'events that arrive in another order',
    { takings: [RUN.takings[1], RUN.takings[0], RUN.takings[2]].filter((taking) => taking !== undefined) },
    '1 events arrived before an earlier one of their aggregate',
  ],
  ['an event that arrives again for no reason', { faults: [] }, '1 events arrived again for no reason'],
  [
    'an event that arrives again before the relay died',
    { faults: [{ kind: 'killed', relay: 'a', atMs: 51, untilMs: 51 }] },
    '1 events arrived again for no reason',
  ],
  [
    'an event that arrives again although its relay had acknowledged it',
    {
      relays: [
        { relay: 'a', records: [record('claimed', 5, '1', '2'), ...acknowledged(12, '1', '2')] },
        { relay: 'b', records: [] },
      ],
    },
    '1 events arrived again for no reason',
  ],
  [
    'an event that is acknowledged twice',
    {
      relays: [...RUN.relays, { relay: 'c', records: acknowledged(60, '2') }],
    },
    '1 events were acknowledged twice',
  ],
  [
    'an event that is never acknowledged',
    { relays: RUN.relays.slice(0, 1) },
    '1 events were never acknowledged',
  ],
  [
    'an event that is claimed after it was acknowledged',
    { relays: [...RUN.relays, { relay: 'c', records: [record('claimed', 70, '1')] }] },
    '1 events were handed over again after they had been acknowledged',
  ],
  ['an event that is left', { left: { pending: 1, leased: 0, dead: 0 } }, '1 events are left in the outbox'],
  ['an event that is dead', { left: { pending: 0, leased: 0, dead: 1 } }, '1 events are left in the outbox'],
])('%s is a violation', (_name, changes, expected) => {
  expect(account({ ...RUN, ...changes }).violations).toContain(expected)
})
