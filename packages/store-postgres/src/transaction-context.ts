import type { TenantId } from '@user-engine/store-protocol'
import { defineStatement, type StatementCall } from './connection/statement.ts'

export const BEGIN_TRANSACTION = defineStatement('BEGIN ISOLATION LEVEL READ COMMITTED')
/** One snapshot for every statement of a read [TXN-07]. */
export const BEGIN_READ = defineStatement('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')

// Everything is local to the transaction: a pooled connection carries nothing over to the next one [CAP-03]. The
// server ends a transaction whose client has gone silent a moment after the time limit [TXN-11]. Statements keep the one
// plan that is good for all values: a plan per execution costs more than most of these statements [QRY-04].
const setContext = (more: Readonly<Record<string, string>> = {}) =>
  defineStatement(`
    SELECT set_config('user_engine.scope', $1, true), set_config('statement_timeout', $2, true),
      set_config('lock_timeout', '0', true), set_config('idle_in_transaction_session_timeout', $3, true),
      set_config('plan_cache_mode', 'force_generic_plan', true)${Object.entries(more)
        .map(([name, value]) => `, set_config('${name}', '${value}', true)`)
        .join('')}`)

/**
 * What the relay wants of the planner besides: its tables are nearly empty when plans are made, and full of dead versions
 * later where nothing is vacuumed.
 */
export const RELAY_SETTINGS = { enable_seqscan: 'off' } as const

const SET_CONTEXT = setContext()
const SET_RELAY_CONTEXT = setContext(RELAY_SETTINGS)

// A transaction that is one batch is never idle, and what is the same for all of them its session has.
const SET_BRIEF_CONTEXT = defineStatement(`
  SELECT set_config('user_engine.scope', $1, true), set_config('statement_timeout', $2, true)`)

const IDLE_GRACE_MS = 1_000

/** Who a transaction acts as, for row-level security. */
export type TransactionScope = { readonly tenantId: TenantId | null } | { readonly relay: true }

/** The first statement after BEGIN. */
export function contextCall(scope: TransactionScope, remainingMs: number): StatementCall {
  return {
    statement: 'relay' in scope ? SET_RELAY_CONTEXT : SET_CONTEXT,
    values: [scopeSetting(scope), String(remainingMs), String(remainingMs + IDLE_GRACE_MS)],
  }
}

/** The first statement of a batch that is a transaction of its own. */
export function briefContextCall(scope: TransactionScope, remainingMs: number): StatementCall {
  return { statement: SET_BRIEF_CONTEXT, values: [scopeSetting(scope), String(remainingMs)] }
}

// The id of a tenant has no space in it.
function scopeSetting(scope: TransactionScope): string {
  return 'relay' in scope ? ' r' : (scope.tenantId ?? ' p')
}
