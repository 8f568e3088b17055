import type { Actor, Audience, AuditTarget, Scope } from '@user-engine/store-protocol'

/** What a caller wants to do, as the authorization port is asked about it: once per command or query. */
export interface AuthorizationRequest {
  readonly actor: Actor
  /** What is to be done, as `<entity>.<verb>`, for example `user.suspend`. */
  readonly action: string
  /**
   * What it is to be done to. The id is the record's own, `*` for whatever the scope holds, `group:<group>` for the
   * memberships of one group, or `family:<applicationId or platform>/<key>` for the versions of one catalog.
   */
  readonly target: AuditTarget
  readonly scope: Scope
  /** As whom the caller wants to look at or change a profile; present for profile actions only. */
  readonly audience?: Audience
}

/** The answer of the authorization port. The reason ends up in the audit record and in the caller's error. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string }

/**
 * Decides who may do what. The decision is owned elsewhere: the service asks, before it touches the store, and does
 * as it is told. A port that throws, rejects, or answers with anything but a {@link Decision} fails the command with
 * UserEngineError `UNAVAILABLE` (reason `authorization`), and nothing is done.
 */
export interface AuthorizationPort {
  authorize(request: AuthorizationRequest): Decision | Promise<Decision>
}
