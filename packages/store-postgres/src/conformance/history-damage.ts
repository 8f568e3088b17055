import type { HistoryDamage } from '@user-engine/store-conformance-kit'
import { LEDGER_TABLE } from '../migrations/ledger.ts'
import type { SchemaName } from '../sql/schema-name.ts'

/** What an administrator would have to do to damage the history of a schema in each way [MIG-02, MIG-05]. */
export function historyDamageSql(s: SchemaName): Readonly<Record<HistoryDamage, string>> {
  const ledger = `${s}.${LEDGER_TABLE}`
  const addApplied = (name: string) =>
    `INSERT INTO ${ledger} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '${name}', now())`
  const [first, last] = ['min', 'max'].map((end) => `(SELECT ${end}(migration_name) FROM ${ledger})`)
  return {
    behind: `DELETE FROM ${ledger} WHERE migration_name = ${last}`,
    ahead: `
      ${addApplied('99990101000000_future')};
      UPDATE ${s}.schema_compatibility SET oldest_known_migration = '99990101000000_future'`,
    dirty: `UPDATE ${ledger} SET finished_at = NULL WHERE migration_name = ${last}`,
    unknown: `DROP TABLE ${ledger}`,
    edited: `UPDATE ${ledger} SET checksum = 'edited' WHERE migration_name = ${first}`,
    missing: addApplied('20200101000000_gone'),
  }
}
