import {
  type AnyUserEngineError,
  isUserEngineError,
  type StoreTransaction,
  type TenantId,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import type { Command, Refusal } from '../commands/command.ts'
import type { CommandRun } from '../commands/command-run.ts'
import {
  type ProvisionedInput,
  type ProvisionedUser,
  type ProvisionUserInput,
  provisionUserInputSchema,
} from './provision-input.ts'
import { provisionTogether } from './provision-together.ts'
import { isOvertaken } from './provision-user.ts'

/** How many users one call takes at most. */
export const MAX_PROVISIONED_USERS = 500

export interface ProvisionUsersInput {
  readonly users: readonly ProvisionUserInput[]
}

/** What came of one of many users. */
export type ProvisioningOutcome = ProvisionedUser | RefusedProvisioning

/** A user for whom nothing was written. */
export interface RefusedProvisioning {
  readonly outcome: 'refused'
  /** What `provisionUser` would have thrown. */
  readonly error: AnyUserEngineError
}

/** The same as JSON, which is what a store keeps under an idempotency key. */
type CommittedOutcome = ProvisionedUser | CommittedRefusal

interface CommittedRefusal {
  readonly outcome: 'refused'
  readonly error: Refusal
}

type CheckedUser = { readonly input: ProvisionedInput } | CommittedRefusal

// What is wrong with one user is nothing to the others.
const checkedUserSchema = z.unknown().transform((input): CheckedUser => {
  try {
    return { input: validate(provisionUserInputSchema, input) }
  } catch (error) {
    if (isUserEngineError(error, 'VALIDATION')) return refusedBy(error)
    throw error
  }
})

export const provisionUsersInputSchema = z.strictObject({
  users: z.array(checkedUserSchema).min(1).max(MAX_PROVISIONED_USERS),
})

export const provisionUsers: Command<
  z.output<typeof provisionUsersInputSchema>,
  readonly ProvisioningOutcome[],
  readonly CommittedOutcome[]
> = {
  action: 'user.provision',
  input: provisionUsersInputSchema,
  target: () => ({ type: 'user', id: '*' }),
  decidesAgainOn: (error, _input, tries) => isOvertaken(error, tries),
  refusals: (outcomes) => outcomes.flatMap((one) => (one.outcome === 'refused' ? [one.error] : [])),
  settle: (outcomes) =>
    outcomes.map((one) => (one.outcome === 'refused' ? { ...one, error: errorOf(one.error) } : one)),
  async perform(tx, { users }, run) {
    const batch = { tenantId: run.requireTenant('tenant-account'), run }
    const inputs = users.flatMap((user) => ('input' in user ? [user.input] : []))
    // Whoever was in the way of the whole is in the way of few.
    const outcomes =
      run.attempt === 1 ? await provisionAll(tx, inputs, batch) : await provisionHalves(tx, inputs, batch)
    return users.map((user) => ('input' in user ? outcomeOf(user.input, outcomes) : user))
  },
}

interface Batch {
  readonly tenantId: TenantId
  readonly run: CommandRun
}

type Outcomes = ReadonlyMap<ProvisionedInput, CommittedOutcome>

/** Those who share an identity come one after the other: the second finds what the first has made. */
async function provisionAll(
  tx: StoreTransaction,
  inputs: readonly ProvisionedInput[],
  { tenantId, run }: Batch,
): Promise<Outcomes> {
  const outcomes = new Map<ProvisionedInput, CommittedOutcome>()
  for (let waiting = inputs; waiting.length > 0; ) {
    const first = new Map(waiting.toReversed().map((input) => [JSON.stringify(input.identity), input]))
    const together = new Set(first.values())
    const done = await provisionTogether(tx, { inputs: [...together], tenantId }, run)
    for (const [input, outcome] of done)
      outcomes.set(input, isUserEngineError(outcome) ? refusedBy(outcome) : outcome)
    waiting = waiting.filter((input) => !together.has(input))
  }
  return outcomes
}

async function provisionHalves(
  tx: StoreTransaction,
  inputs: readonly ProvisionedInput[],
  batch: Batch,
): Promise<Outcomes> {
  if (inputs.length <= 1) return await provisionPart(tx, inputs, batch)
  const middle = Math.ceil(inputs.length / 2)
  const first = await provisionPart(tx, inputs.slice(0, middle), batch)
  return new Map([...first, ...(await provisionPart(tx, inputs.slice(middle), batch))])
}

const MAX_TRIES_ALONE = 3

/** Users in a nested transaction of their own, which is undone and divided when the store refuses it. */
async function provisionPart(
  tx: StoreTransaction,
  inputs: readonly ProvisionedInput[],
  batch: Batch,
  tries = 1,
): Promise<Outcomes> {
  try {
    return await tx.transact((nested) => provisionAll(nested, inputs, batch))
  } catch (error) {
    if (!isUserEngineError(error) || error.retryable || !isOvertaken(error, 0)) throw error
    if (inputs.length > 1) return await provisionHalves(tx, inputs, batch)
    if (tries < MAX_TRIES_ALONE) return await provisionPart(tx, inputs, batch, tries + 1)
    return new Map(inputs.map((input) => [input, refusedBy(error)]))
  }
}

function outcomeOf(input: ProvisionedInput, outcomes: Outcomes): CommittedOutcome {
  const outcome = outcomes.get(input)
  if (outcome === undefined) throw new UserEngineError('INTERNAL', { reference: 'user.provision' })
  return outcome
}

function refusedBy(error: AnyUserEngineError): CommittedRefusal {
  return { outcome: 'refused', error: error.toJSON() }
}

function errorOf({ code, data }: Refusal): AnyUserEngineError {
  return new UserEngineError(code, data) as AnyUserEngineError
}
