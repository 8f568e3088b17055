import type { LeaseTls } from '../capability.ts'
import type { Recovery } from '../recovery.ts'

/** How an administrator reaches the server. Plain data, so that test processes can pass it on. */
export interface AdminConnection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: LeaseTls
}

/** Real faults of a real server. Each settles when the fault has taken effect. */
export interface BackendFaults {
  /** Ends every process of the server at once, as a crash does. Nothing to do when it is down. */
  kill(): Promise<void>
  /** Starts the server again on the same data and port, and waits until it accepts connections. */
  start(): Promise<void>
  /** Stops every process of the server in its tracks: connections hang, new ones as well. */
  pause(): Promise<void>
  /** Lets a paused server go on. Nothing to do when it is not paused. */
  resume(): Promise<void>
}

export const BACKEND_KINDS = ['url', 'container', 'embedded'] as const

export type BackendKind = (typeof BACKEND_KINDS)[number]

/** Where the Postgres of a provider runs. */
export interface Backend {
  readonly kind: BackendKind
  /** What it is, for people: `embedded Postgres`. */
  readonly label: string
  /** Whether the server was running before and goes on after `stop`. */
  readonly reused: boolean
  /** What its data does: `given` is somebody else's, `kept` outlives this process, `temporary` goes with `stop`. */
  readonly data: 'given' | 'kept' | 'temporary'
  /** Of the server that has the data now. */
  readonly admin: AdminConnection
  readonly faults: BackendFaults
  readonly recovery: Recovery
  stop(): Promise<void>
}
