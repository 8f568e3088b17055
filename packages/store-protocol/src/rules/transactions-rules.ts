import type { Rule } from './rule.ts'

/** Transactions: the rules of section TXN. */
export const TRANSACTIONS_RULES = [
  {
    id: 'TXN-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The domain changes, audit records and outbox events of a transaction commit together or not at all.',
    reason: 'An audit trail or an event that disagrees with the data is worse than none.',
  },
  {
    id: 'TXN-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'When `work` throws, nothing of it remains. Ids and sequence-derived values may be skipped, but nothing is visible.',
    reason: 'A failed command must be repeatable from the start.',
  },
  {
    id: 'TXN-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'When `transact` resolves, the commit has happened. A failed statement that `work` swallowed becomes `TRANSACTION_ABORTED`, never a rollback reported as success.',
    reason: 'Databases answer a commit of a failed transaction with a rollback and no error.',
  },
  {
    id: 'TXN-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'When the outcome of a commit is unknown the caller gets `OUTCOME_UNKNOWN`, never a guess. Repeating the call with the same idempotency key returns the first result or performs the work once; the same key with another fingerprint is `IDEMPOTENCY_MISMATCH`.',
    reason: 'Networks fail between the commit and its answer.',
  },
  {
    id: 'TXN-05',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A nested `transact` is a savepoint: an inner failure that the outer catches undoes the inner part only, an outer failure undoes both. It works to a depth of at least 8 and with a pool of one connection.',
    reason: 'Commands are composed of commands.',
  },
  {
    id: 'TXN-06',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Reads inside a transaction see its own writes; nobody else sees them before the commit.',
    reason: 'A command reads back what it has just written.',
  },
  {
    id: 'TXN-07',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'There is no dirty read, no dirty write, no lost update, and no torn read of several entities inside `read`. The manifest states the isolation that is offered.',
    reason: 'Decisions are made on what was read.',
  },
  {
    id: 'TXN-08',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Calls on one handle take effect in the order they were made, awaited or not, and the commit waits for all of them. A handle used after its end fails with `TRANSACTION_ENDED`; one used while a nested transaction is open fails with `TRANSACTION_BUSY`.',
    reason: 'A forgotten await must not lose or reorder a write.',
  },
  {
    id: 'TXN-09',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Failures that a repetition may cure are marked retryable, and 50 contending writers that repeat them, with jitter and a bound, all finish.',
    reason: 'Contention is normal and not an error of the caller.',
  },
  {
    id: 'TXN-10',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The failure of a write may surface at its own call or at the commit; either way it is the same typed error and everything rolls back.',
    reason: 'A store may send writes together.',
  },
  {
    id: 'TXN-11',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A unit of work past its time limit fails with `DEADLINE_EXCEEDED` within a bound and leaves nothing; where the manifest says so, it is cancelled on the server as well.',
    reason: 'Work that nobody waits for holds locks that others wait for.',
  },
] as const satisfies readonly Rule[]
