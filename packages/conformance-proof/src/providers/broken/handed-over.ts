import pg from 'pg'
import { type BrokenProvider, brokenInDescription, brokenInLeases } from '../provider-under-proof.ts'

/** Something else than plain data and functions is handed over. */
export const BROKEN_HAND_OVERS: readonly BrokenProvider[] = [
  {
    breaks: 'CAP-01',
    id: 'hands-over-a-pool',
    title: 'hands over a pool of its driver',
    handOver: async () => ({ capability: new pg.Pool() as never }),
  },
  {
    breaks: 'CAP-01',
    id: 'pool-with-functions',
    title: 'hands over a pool to which it added the two functions',
    handOver: async ({ capability }) => ({ capability: Object.assign(new pg.Pool(), capability) }),
  },
  brokenInLeases(
    'CAP-01',
    { id: 'client-in-a-lease', title: 'adds a client of its driver to each lease' },
    (lease) => Object.assign({ client: new pg.Client() }, lease),
  ),
  brokenInDescription(
    'CAP-01',
    { id: 'password-in-the-description', title: 'describes its database by an address with a login in it' },
    () => ({ address: 'postgres://admin:hunter2@db.example/users' }),
  ),
  brokenInDescription(
    'CAP-01',
    { id: 'describes-another-database', title: 'describes another database than its leases lead to' },
    () => ({ database: 'elsewhere' }),
  ),
  brokenInDescription(
    'CAP-01',
    { id: 'moody-description', title: 'describes another provider every time it is asked' },
    (_, asked) => ({ provider: { name: `provider ${asked}`, version: '1' } }),
  ),
]
