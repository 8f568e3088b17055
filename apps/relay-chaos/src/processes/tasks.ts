import type {
  CapabilityDescription,
  ConnectionLease,
  LeaseRole,
  PostgresCapability,
} from '@user-engine/store-postgres'

/** What a relay process works with. */
export interface RelayTask {
  /** Its name among all processes of the run. */
  readonly relay: string
  readonly handOver: HandOver
  readonly target: RelayTarget
  readonly leaseMs: number
  /** Where it writes down what it asks the outbox and what it is answered. */
  readonly logFile: string
}

export type RelayTarget =
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'nats'; readonly url: string; readonly stream: string }

/** What a receiver process works with. */
export interface ReceiverTask {
  /** Where it writes down what it has taken over, before it answers. */
  readonly logFile: string
  /** One of so many requests is refused. */
  readonly refuseOneIn: number
}

/** A capability as data, for another process. */
export interface HandOver {
  readonly description: CapabilityDescription
  readonly leases: Readonly<Record<LeaseRole, ConnectionLease>>
}

/** Takes leases that last for the run. */
export async function handOverOf(capability: PostgresCapability): Promise<HandOver> {
  const take = async (role: LeaseRole): Promise<ConnectionLease> => {
    const lease = await capability.lease(role)
    const { password } = lease
    return { ...lease, password: typeof password === 'string' ? password : await password() }
  }
  const [runtime, relay, migration] = await Promise.all([take('runtime'), take('relay'), take('migration')])
  return { description: await capability.describe(), leases: { runtime, relay, migration } }
}

export function capabilityOf({ description, leases }: HandOver): PostgresCapability {
  return { describe: async () => description, lease: async (role) => leases[role] }
}
