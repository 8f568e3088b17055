import {
  type AnyUserEngineError,
  isUserEngineError,
  type StoreTransaction,
  type TenantId,
} from '@user-engine/store-protocol'
import type { CompiledCatalog } from '../catalogs/compiled-catalogs.ts'
import type { CommandRun } from '../commands/command-run.ts'
import { readDefinitions } from '../profiles/definition-source.ts'
import type { ProvisionedInput, ProvisionedUser } from './provision-input.ts'
import { provisionResolved } from './provision-resolved.ts'

type Outcome = ProvisionedUser | AnyUserEngineError

/** What the domain refuses about one user before anything of it is written. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'CATALOG_VIOLATION',
  'INVALID_STATE',
  'NOT_FOUND',
])

/**
 * Provisions users of different identities in one transaction: what is asked about them is asked for all at once, and
 * their writes are not awaited. Returns the refusal of a user who is refused; the others do not notice.
 */
export async function provisionTogether(
  tx: StoreTransaction,
  wanted: { readonly inputs: readonly ProvisionedInput[]; readonly tenantId: TenantId },
  run: CommandRun,
): Promise<readonly (readonly [ProvisionedInput, Outcome])[]> {
  const definitions = readAllDefinitions(tx, wanted.inputs, run)
  const resolved = await Promise.all(
    wanted.inputs.map(({ identity }) => tx.externalIdentities.resolve(identity)),
  )
  return await Promise.all(
    wanted.inputs.map(async (input, index) => {
      const user = resolved[index]?.user ?? null
      const provision = async () => {
        const defined = (await definitions.get(sourceOf(input))) ?? null
        const { tenantId } = wanted
        return await provisionResolved(tx, { input, tenantId, user, definitions: defined }, run)
      }
      return [input, await outcomeOf(provision())] as const
    }),
  )
}

/** Each source is read once, however many users name it. */
function readAllDefinitions(
  tx: StoreTransaction,
  inputs: readonly ProvisionedInput[],
  run: CommandRun,
): ReadonlyMap<string, Promise<CompiledCatalog>> {
  const bySource = new Map<string, Promise<CompiledCatalog>>()
  for (const input of inputs) {
    const source = sourceOf(input)
    if (input.profile === undefined || bySource.has(source)) continue
    const definitions = readDefinitions(tx, input.profile, run)
    // Whoever names it is told; the others go on.
    definitions.catch(() => {})
    bySource.set(source, definitions)
  }
  return bySource
}

function sourceOf({ profile }: ProvisionedInput): string {
  return `${profile?.applicationId ?? ''} ${profile?.catalogId ?? ''}`
}

async function outcomeOf(provisioned: Promise<ProvisionedUser>): Promise<Outcome> {
  try {
    return await provisioned
  } catch (error) {
    if (isUserEngineError(error) && REFUSALS.has(error.code)) return error
    throw error
  }
}
