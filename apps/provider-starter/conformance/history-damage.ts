import type { HistoryDamage } from '@user-engine/store-conformance-kit'

const LEDGER = 'user_engine._prisma_migrations'

/** How each kind of damage is done to the history that user-engine keeps in the layout of Prisma [MIG-02, MIG-05]. */
export const HISTORY_DAMAGE_SQL: { readonly [Damage in HistoryDamage]: string } = {
  behind: `DELETE FROM ${LEDGER} WHERE migration_name = (SELECT max(migration_name) FROM ${LEDGER})`,
  ahead: `
    INSERT INTO ${LEDGER} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '99990101000000_future', now());
    UPDATE user_engine.schema_compatibility SET oldest_known_migration = '99990101000000_future'`,
  dirty: `UPDATE ${LEDGER} SET finished_at = NULL WHERE migration_name = (SELECT max(migration_name) FROM ${LEDGER})`,
  unknown: `DROP TABLE ${LEDGER}`,
  edited: `UPDATE ${LEDGER} SET checksum = 'edited' WHERE migration_name = (SELECT min(migration_name) FROM ${LEDGER})`,
  missing: `INSERT INTO ${LEDGER} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20200101000000_gone', now())`,
}
