// Random transactions as data: fast-check makes them, shrinks them and prints them.
import * as fc from 'fast-check'
import { SLOTS } from './world.ts'

const INSERTED = [
  'user',
  'account',
  'tenant-account',
  'identity',
  'membership',
  'value',
  'audit',
  'event',
] as const
const CHANGED = ['user', 'account', 'tenant-account', 'membership', 'value'] as const
const DELETED = ['identity', 'membership', 'value'] as const

export type Step =
  | { readonly insert: (typeof INSERTED)[number]; readonly slot: number }
  | { readonly change: (typeof CHANGED)[number]; readonly slot: number; readonly version: number }
  | { readonly delete: (typeof DELETED)[number]; readonly slot: number; readonly version: number }
  /** Looks at everything the transaction sees. */
  | { readonly look: true }
  /** A nested transaction whose failure, of its own or of a step, the outer one catches. */
  | { readonly nest: readonly Step[]; readonly fails: boolean }

export interface RandomTransaction {
  /** Which of the two tenants. */
  readonly tenant: number
  readonly steps: readonly Step[]
  /** Whether the work throws at its end. */
  readonly fails: boolean
}

const slot = fc.nat({ max: SLOTS - 1 })
const version = fc.integer({ min: 1, max: 3 })

const write: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ insert: fc.constantFrom(...INSERTED), slot }) },
  { weight: 3, arbitrary: fc.record({ change: fc.constantFrom(...CHANGED), slot, version }) },
  { weight: 1, arbitrary: fc.record({ delete: fc.constantFrom(...DELETED), slot, version }) },
)

const look: fc.Arbitrary<Step> = fc.constant({ look: true })

const rarely = fc.integer({ min: 0, max: 7 }).map((number) => number === 7)

const nest: fc.Arbitrary<Step> = fc.record({
  nest: fc.array(fc.oneof({ weight: 4, arbitrary: write }, look), { minLength: 1, maxLength: 3 }),
  fails: rarely,
})

// Most random writes fail without what they refer to, so a member is often made whole.
const member: fc.Arbitrary<readonly Step[]> = slot.map((of) => [
  { insert: 'user', slot: of % 2 },
  { insert: 'account', slot: of },
  { insert: 'tenant-account', slot: of },
])

const steps: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 1, arbitrary: member },
  {
    weight: 3,
    arbitrary: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: write },
        { weight: 1, arbitrary: look },
        { weight: 2, arbitrary: nest },
      ),
      { minLength: 1, maxLength: 4 },
    ),
  },
)

const tenant = fc.constantFrom(0, 0, 0, 1)

/** One transaction with everything that may be in one. */
export const randomTransaction: fc.Arbitrary<RandomTransaction> = fc.record({ tenant, steps, fails: rarely })

/** One of few writes and nothing else: what it comes to must not depend on what it has looked at. */
export const randomWrites: fc.Arbitrary<RandomTransaction> = fc.record({
  tenant: fc.constant(0),
  steps: fc.oneof(member, fc.array(write, { minLength: 1, maxLength: 2 })),
  fails: fc.constant(false),
})
