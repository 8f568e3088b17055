import type { ConnectionLease } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { leasesOf, refusalOf } from './steps.ts'
import { UNRELATED_AUTHORITY } from './unrelated-authority.ts'

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\/.*)$/
const SQLSTATE = /^[0-9A-Z]{5}$/

export const TLS_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-03.tls-wherever-it-leaves-the-machine',
    rules: ['CAP-03'],
    title: 'every lease says verify-full, or leads to a loopback or a Unix socket',
    async run(context) {
      for (const [role, { host, tls }] of await leasesOf(context)) {
        const isGood = tls.mode === 'verify-full' || LOOPBACK.test(host)
        context.check.ok(isGood, `TLS of the ${role} lease, which leads to another machine`, tls.mode)
      }
    },
  },
  {
    id: 'CAP-03.tls-is-verified',
    rules: ['CAP-03'],
    title: 'the authority and the name that a lease states verify the server, and no others do',
    notFor: ({ leases }) => (leases.tls === 'disable' ? 'leases.tls is disable' : null),
    run: (context) => showVerification(context),
  },
]

async function showVerification(context: CapabilityContext): Promise<void> {
  const { check, connect } = context
  for (const [role, lease] of await leasesOf(context)) {
    const { tls } = lease
    if (tls.mode === 'disable') continue
    const attempt = async (changes: Partial<typeof tls>) =>
      await refusalOf(connect({ ...lease, tls: { ...tls, ...changes } } satisfies ConnectionLease))
    const own = await attempt({})
    // A server that says no was believed before it did: then the login is what is wrong.
    const isBelieved = own === null || SQLSTATE.test(own)
    check.ok(
      isBelieved,
      `the server of the ${role} lease is believed for the authority and name of the lease`,
      own,
    )
    const strangers = {
      'an authority that did not sign its certificate': await attempt({ ca: UNRELATED_AUTHORITY }),
      'a name that its certificate does not have': await attempt({ serverName: 'kit.user-engine.invalid' }),
    }
    for (const [what, refusal] of Object.entries(strangers)) {
      const isRefused = refusal !== null && !SQLSTATE.test(refusal)
      check.ok(isRefused, `the server of the ${role} lease is refused for ${what}`, refusal)
    }
  }
}
