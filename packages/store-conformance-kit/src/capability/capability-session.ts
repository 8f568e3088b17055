import type { CaseSession } from '../case-session.ts'
import { callVerb, HarnessFailure } from '../harness-guard.ts'
import { showError } from '../show.ts'
import type { BeginOptions } from '../subject.ts'
import type { CapabilityContext } from './capability-case.ts'
import type { CapabilityHarness, CapabilitySession, CapabilityVerb, Installations } from './harness.ts'
import type { CapabilityManifest } from './manifest.ts'
import { describeCapability, leaseOf } from './read-capability.ts'

/** Gives a case what it works with: the capability, and sessions that are ended after it. */
export async function beginCapabilityCase(
  harness: CapabilityHarness,
  { manifest, check }: BeginOptions<CapabilityManifest>,
): Promise<CaseSession<CapabilityContext>> {
  const { capability } = harness
  const notes: string[] = []
  const sessions: CapabilitySession[] = []
  const connect: CapabilityContext['connect'] = async (lease) => {
    const session = await harness.connect(lease)
    sessions.push(session)
    return session
  }
  const openWith: CapabilityContext['openWith'] = (lease, role) =>
    connect(lease).catch((error: unknown) => {
      throw new HarnessFailure(`The ${role} lease opens no session: ${showError(error)}.`)
    })
  const call = (verb: 'rotate' | 'restore') =>
    callVerb(`${verb}() of the harness`, async () => harness[verb]?.() ?? lacking(verb))
  const context: CapabilityContext = {
    ...{ check, capability, manifest, connect },
    describe: () => describeCapability(capability),
    lease: (role) => leaseOf(capability, role),
    open: async (role, other = capability) => await openWith(await leaseOf(other, role), role),
    openWith,
    rotate: () => call('rotate'),
    restore: () => call('restore'),
    get installations(): Installations {
      const { another, migrate } = harness.installations ?? lacking('installations')
      return {
        another: () => callVerb('installations.another() of the harness', another),
        migrate: (of) => callVerb('installations.migrate() of the harness', () => migrate(of)),
      }
    },
    note: (text) => void notes.push(text),
  }
  return {
    ...{ context, notes, races: [] },
    async end() {
      const ended = await Promise.allSettled(
        sessions.map((session) => callVerb('end() of a session of the harness', () => session.end())),
      )
      const ofHarness = ended.flatMap((one) =>
        one.status === 'rejected' ? [String(one.reason.message)] : [],
      )
      return { ofStore: [], ofHarness }
    },
  }
}

function lacking(verb: CapabilityVerb): never {
  throw new TypeError(`the case uses ${verb} without naming it in its needs`)
}
