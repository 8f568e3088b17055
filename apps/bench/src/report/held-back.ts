/** What keeps the targets that were missed from being met; to be reviewed with every new run. */
export const HELD_BACK = `## What holds it back

Read from the processor time per operation, from the profiles above and from the statements. What is not counted in one of them is called
likely.

- **Five times Prisma, for small writes.** With one caller the limit itself is about five times an interactive transaction, because most of what
  both wait for is the same flush to disk: there the target asks for all of the limit and more. The store's own work is a tenth of the time, and most of that is the
  kernel's work of sending.
- **Five times Prisma, for the service with 16 callers.** Client and server share two cores, and both are full: what the service adds
  (validation, authorization, reads that decide) is time that the server does not get. What is missing is a fifth at most.
- **Claim and acknowledge, against pg-boss and graphile-worker.** They are two commits, for a receiver may die in between, and the batch waits for both
  flushes. The work per event is a seventh of pg-boss's on the server and half of it on the client: what is left is the two round trips, the two flushes
  and the turn that claims take. So the distance grows with the batch: with 500 it is six to eight times pg-boss and four to five times
  graphile-worker, which keep no order per aggregate. Four consumers gain nothing over one, because claims take turns. Flushes are not all of it: with none
  at all on our side (\`synchronous_commit = off\`, tried apart) a batch of 100 went at 180,000 events a second, still short of both targets.
- **Pages on a large database.** A page reads the users of one tenant. In the small database they lie beside each other; in the large one, as in
  one a tenth as large with tenants of the same size, each lies in a block of its own, and with a million users the blocks are no longer in the caches of the processor.
  The index reads no more than its page ([query plans](query-plans.md)).
- **In memory.** Provisioning writes thirteen records. No store keeps so many at that rate: their ids and checks alone take seven microseconds of the ten
  that there are (tried apart), and with a plain \`Map\` for each kind to put them into, and nothing else, it is the rate of the reference. Provisioning is within a third of
  that. Where the time of a command goes is in [decision 25](decisions/0025-rates-in-memory.md).`
