// The anomalies of isolation in terms of the domain, after Adya's and Hermitage's names for them.
import type { IsolationLevel, Membership, StoreReader, User } from '@user-engine/store-protocol'
import { ACME, type Member, type RecordMaker } from '../../records.ts'
import type { SessionHistory, SessionScript, SessionStep } from './interleave.ts'

/** Two members of a tenant, about whom every script is. */
export interface Cast {
  readonly make: RecordMaker
  readonly one: Member
  readonly two: Member
}

export interface Anomaly {
  /** As in the literature: G0, G1a, … */
  readonly name: string
  /** What happens, as a sentence of the domain. */
  readonly title: string
  /** At which levels of isolation it may happen. */
  readonly possibleAt: readonly IsolationLevel[]
  sessions(cast: Cast): readonly SessionScript[]
  /** Whether these histories, and what they left, show it. */
  happened(histories: readonly SessionHistory[], left: readonly (User | null)[]): boolean
}

const nameOf =
  (member: Member): SessionStep =>
  async (tx) =>
    (await tx.users.get(member.user.id))?.displayName
const statusOf =
  (member: Member): SessionStep =>
  async (tx) =>
    (await tx.users.get(member.user.id))?.status

const rename =
  ({ make }: Cast, member: Member, expectedVersion: number, displayName: string): SessionStep =>
  async (tx) => {
    await tx.users.update(make.update(member.user.id, expectedVersion, { displayName }))
    // Sends it: a write that waits for the commit is in nobody's way.
    await tx.users.get(member.user.id)
  }

/** The group of those on call. */
export const GROUP = 'on-call'

const whoIsOnCall: SessionStep = async (tx) => await rolesOf(tx)

async function rolesOf(reader: StoreReader): Promise<readonly string[]> {
  const { items } = await reader.memberships.listByGroup({ group: GROUP })
  return items.map(({ role }: Membership) => role)
}

const goOnCall =
  ({ make }: Cast, member: Member, role: string): SessionStep =>
  async (tx) => {
    await tx.memberships.insert(make.membership(member.tenantAccount, { group: GROUP, role }))
    await tx.users.list({ limit: 1 })
  }

const suspend =
  ({ make }: Cast, member: Member): SessionStep =>
  async (tx) => {
    await tx.users.update(make.update(member.user.id, 1, { status: 'suspended' }))
    await tx.users.get(member.user.id)
  }

const NEVER: readonly IsolationLevel[] = []
const AT_READ_COMMITTED: readonly IsolationLevel[] = ['read-committed']
const BELOW_SERIALIZABLE: readonly IsolationLevel[] = ['read-committed', 'snapshot']

const haveCommitted = (histories: readonly SessionHistory[]) => histories.every(({ committed }) => committed)

export const ANOMALIES: readonly Anomaly[] = [
  {
    name: 'G0',
    title: 'of two writers who rename the same two users each prevails on one of them (dirty write)',
    possibleAt: NEVER,
    sessions: (cast) =>
      ['a', 'b'].map((name) => ({
        steps: [rename(cast, cast.one, 1, name), rename(cast, cast.two, 1, name)],
      })),
    happened: (_, [one, two]) => one?.displayName !== two?.displayName,
  },
  {
    name: 'G1a',
    title: 'a name is seen whose writer gave up (aborted read)',
    possibleAt: NEVER,
    sessions: (cast) => [
      { steps: [rename(cast, cast.one, 1, 'aborted'), nameOf(cast.two)], aborts: true },
      { steps: [nameOf(cast.one), nameOf(cast.one)] },
    ],
    happened: ([, reader]) => reader?.seen.includes('aborted') === true,
  },
  {
    name: 'G1b',
    title: 'a name is seen that its writer had already replaced (intermediate read)',
    possibleAt: NEVER,
    sessions: (cast) => [
      { steps: [rename(cast, cast.one, 1, 'intermediate'), rename(cast, cast.one, 2, 'last')] },
      { steps: [nameOf(cast.one), nameOf(cast.one)] },
    ],
    happened: ([, reader]) => reader?.seen.includes('intermediate') === true,
  },
  {
    name: 'G1c',
    title: 'two writers each see the other’s name (circular information flow)',
    possibleAt: NEVER,
    sessions: (cast) => [
      { steps: [rename(cast, cast.one, 1, 'a'), nameOf(cast.two)] },
      { steps: [rename(cast, cast.two, 1, 'b'), nameOf(cast.one)] },
    ],
    happened: ([a, b]) => a?.seen[1] === 'b' && b?.seen[1] === 'a',
  },
  {
    name: 'OTV',
    title:
      'a reader sees one user as the later writer left it, and then the other as it was before (observed transaction vanishes)',
    possibleAt: NEVER,
    sessions: (cast) => [
      { steps: [rename(cast, cast.one, 1, 'a'), rename(cast, cast.two, 1, 'a')] },
      { steps: [nameOf(cast.one), nameOf(cast.two), nameOf(cast.one), nameOf(cast.two)] },
    ],
    // Once both were seen renamed, neither may be seen as it was.
    happened: ([, reader]) => {
      const [one, two, oneLater, twoLater] = reader?.seen ?? []
      return (
        (one === 'a' && two !== 'a') ||
        (oneLater === 'a' && twoLater !== 'a') ||
        (one === 'a' && oneLater !== 'a')
      )
    },
  },
  {
    name: 'PMP',
    title: 'who is on call changes between two looks of one transaction (predicate-many-preceders)',
    possibleAt: AT_READ_COMMITTED,
    sessions: (cast) => [{ steps: [whoIsOnCall, whoIsOnCall] }, { steps: [goOnCall(cast, cast.two, 'b')] }],
    happened: ([looker]) => JSON.stringify(looker?.seen[0]) !== JSON.stringify(looker?.seen[1]),
  },
  {
    name: 'P4',
    title: 'two transactions that saw the same version both change it, and one change is gone (lost update)',
    possibleAt: NEVER,
    sessions: (cast) =>
      ['a', 'b'].map((name) => ({ steps: [nameOf(cast.one), rename(cast, cast.one, 1, name)] })),
    happened: (histories) => haveCommitted(histories),
  },
  {
    name: 'G-single',
    title: 'one user is seen before a change and the other after it (read skew)',
    possibleAt: AT_READ_COMMITTED,
    sessions: (cast) => [
      { steps: [nameOf(cast.one), nameOf(cast.two)] },
      { steps: [rename(cast, cast.one, 1, 'b'), rename(cast, cast.two, 1, 'b')] },
    ],
    happened: ([reader]) => reader?.seen[0] !== 'b' && reader?.seen[1] === 'b',
  },
  {
    name: 'G2-item',
    title: 'two transactions that both saw two active users each suspend one: nobody is left (write skew)',
    possibleAt: BELOW_SERIALIZABLE,
    sessions: (cast) => [
      { steps: [statusOf(cast.two), suspend(cast, cast.one)] },
      { steps: [statusOf(cast.one), suspend(cast, cast.two)] },
    ],
    happened: (histories) => haveCommitted(histories) && histories.every(({ seen }) => seen[0] === 'active'),
  },
  {
    name: 'G2',
    title:
      'two transactions that both saw nobody on call both go on call (anti-dependency cycle over a predicate)',
    possibleAt: BELOW_SERIALIZABLE,
    sessions: (cast) => [
      { steps: [whoIsOnCall, goOnCall(cast, cast.one, 'a')] },
      { steps: [whoIsOnCall, goOnCall(cast, cast.two, 'b')] },
    ],
    happened: (histories) =>
      haveCommitted(histories) && histories.every(({ seen }) => JSON.stringify(seen[0]) === '[]'),
  },
]

/** The two users as the sessions left them. */
export async function lookAtCast(reader: StoreReader, { one, two }: Cast): Promise<readonly (User | null)[]> {
  return [await reader.users.get(one.user.id), await reader.users.get(two.user.id)]
}

/** The scope of every script. */
export const SCOPE = ACME
