/** What keeps the targets that were missed from being met; to be reviewed with every new run. */
export const HELD_BACK = `## What holds it back

Read from the CPU per operation and from the statements; no profile was taken for this run, so causes that are not
counted in the tables are called likely.

- **Point reads and small writes.** The store sends one batch in one round trip, as the limit does. What differs is CPU of the
  client: a point read costs it two to three times what it costs pgbench, on the cores that the server needs as well.
- **Commands that decide.** Setting a value reads the catalog and the value, decides, and writes: two round trips where the
  limit has one.
- **Claim and acknowledge.** A claim gives every event a fenced lease, which is an update of its row, and the acknowledgement
  is a delete; claims take turns, so that the order per aggregate holds with any number of consumers, and four consumers
  gain little. The queues beside it keep no such order.
- **Import.** A unit of many users is one statement per row, under row-level security, and the server spends ten times the
  CPU of COPY on a user. COPY runs as the administrator, without row-level security.
- **Pages on a large database.** Users of one tenant lie beside each other in the small database and far apart in the large
  one, so that a page reads about as many blocks as it has rows. How much of the ratio that explains was not separated.
- **Deliveries without a vacuum.** Likely: what was settled stays in the indexes of \`outbox_deliveries\` and every claim walks
  over it; while an old snapshot is held even a vacuum cannot remove it. A mark below which nothing is unsettled would end
  that. It may pass a position only when every transaction that was running when the position was drawn has ended, and a
  replay must set it back: otherwise an event that commits late is overtaken. This is not built.`
