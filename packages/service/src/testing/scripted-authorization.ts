import type { AuthorizationPort, AuthorizationRequest, Decision } from '../ports/authorization-port.ts'

/** An authorization port that allows everything until it is told otherwise, and remembers what it was asked. */
export interface ScriptedAuthorization extends AuthorizationPort {
  readonly requests: AuthorizationRequest[]
  /** Denies one action from now on. */
  deny(action: string, reason: string): void
  /** Fails for one action from now on. */
  failFor(action: string): void
}

export function createScriptedAuthorization(): ScriptedAuthorization {
  const requests: AuthorizationRequest[] = []
  const denials = new Map<string, Decision>()
  const failures = new Set<string>()
  return {
    requests,
    deny: (action, reason) => void denials.set(action, { allowed: false, reason }),
    failFor: (action) => void failures.add(action),
    authorize(request) {
      requests.push(request)
      if (failures.has(request.action)) return Promise.reject(new Error('the policy engine is down'))
      return denials.get(request.action) ?? { allowed: true }
    },
  }
}
