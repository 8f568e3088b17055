import pg from 'pg'
import type { StatementCall } from '../connection/statement.ts'

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly Plan[]
}

/** What a plan really read. */
export interface Reading {
  readonly rowsRead: number
  /** Tables that were read as a whole. */
  readonly wholeTables: readonly string[]
  readonly indexes: readonly string[]
  /** Pages of 8 KiB, in memory or not. */
  readonly pages: number
}

/**
 * Runs a statement as a prepared one, on a server that is told of solid-state storage, and tells what its plan really read.
 */
export async function explain(
  client: pg.Client,
  { statement, values }: StatementCall,
  { scope, planCache }: { readonly scope: string; readonly planCache: string },
): Promise<Reading> {
  const literals = values.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(String(value))))
  const args = literals.length === 0 ? '' : `(${literals.join(', ')})`
  await client.query('BEGIN')
  try {
    await client.query(`SELECT set_config('user_engine.scope', $1, true)`, [scope])
    await client.query(
      `SET LOCAL plan_cache_mode = ${planCache}; SET LOCAL random_page_cost = 1.1; SET LOCAL search_path = user_engine`,
    )
    await client.query(`PREPARE listed AS ${statement.text}`)
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE listed${args}`)
    const plan = rows[0]['QUERY PLAN'][0].Plan as Plan
    const nodes = flatten(plan).filter((node) => node['Actual Loops'] > 0)
    const scans = nodes.filter((node) => node['Relation Name'] !== undefined)
    return {
      rowsRead: scans.reduce((sum, node) => sum + rowsOf(node), 0),
      wholeTables: scans
        .filter((node) => node['Node Type'] === 'Seq Scan')
        .map((node) => node['Relation Name'] ?? ''),
      indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
      pages: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    }
  } finally {
    await client.query('ROLLBACK')
    await client.query('DEALLOCATE ALL')
  }
}

function flatten(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)]
}

function rowsOf(node: Plan): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return (node['Actual Rows'] + removed) * node['Actual Loops']
}
