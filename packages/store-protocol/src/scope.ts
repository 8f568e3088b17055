import * as z from 'zod'
import { compiledSchema } from './compiled-schema.ts'
import { UserEngineError } from './errors/user-engine-error.ts'
import { formatIssues } from './validate.ts'
import { type TenantId, tenantIdSchema } from './values/identifiers.ts'
import { textSchema } from './values/text.ts'

/** Work within one tenant: other tenants' rows do not exist [TEN-01]. */
export interface TenantScope {
  readonly tenantId: TenantId
}

/** Work on what belongs to the platform, with the reason why it is not done in a tenant. */
export interface PlatformScope {
  readonly platform: true
  /** Why this work needs the platform's view; shown in diagnostics, never empty. */
  readonly reason: string
}

/** Where a unit of work happens. It is always passed, never ambient, and there is no default [TEN-05]. */
export type Scope = TenantScope | PlatformScope

const tenantScopeSchema = z.strictObject({ tenantId: tenantIdSchema })
const platformScopeSchema = z.strictObject({
  platform: z.literal(true),
  reason: textSchema({ min: 1, max: 256 }),
})

/** The scope that was checked last. It is frozen, and the next layer gets it in the same turn nearly always. */
let lastParsed: Scope | null = null

/**
 * Checks a scope before anything is sent.
 * @throws UserEngineError `SCOPE_INVALID` for a missing, empty or malformed tenant or an absent reason [TEN-05].
 */
export function parseScope(scope: unknown): Scope {
  if (lastParsed !== null && scope === lastParsed) return lastParsed
  const isPlatform = typeof scope === 'object' && scope !== null && 'platform' in scope
  const parsed = compiledSchema(isPlatform ? platformScopeSchema : tenantScopeSchema).safeParse(scope)
  if (!parsed.success) throw new UserEngineError('SCOPE_INVALID', { issues: formatIssues(parsed.error) })
  lastParsed = Object.freeze(parsed.data)
  return lastParsed
}

/** The tenant of a scope, or `null` for the platform. */
export function tenantOf(scope: Scope): TenantId | null {
  return 'tenantId' in scope ? scope.tenantId : null
}
