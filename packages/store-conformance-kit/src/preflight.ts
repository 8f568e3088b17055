// Before a store is judged, the harness is: a harness whose namespaces leak into each other makes every verdict
// worthless, and a store whose manifest is not what it says cannot be judged by it.
import {
  isUserEngineError,
  PROTOCOL_VERSION,
  type StoreCapabilities,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { ConformanceHarness } from './harness.ts'
import { findManifestIssues, findUnfrozen } from './manifest-schema.ts'
import { createRecordMaker, PLATFORM } from './records.ts'

export type PreflightResult =
  | { readonly ok: true; readonly capabilities: StoreCapabilities }
  /** Sentences that say what to change in the harness or the store. */
  | { readonly ok: false; readonly reasons: readonly string[] }

/** Proves the harness. Never rejects: what goes wrong becomes a reason. */
export async function runPreflight(harness: ConformanceHarness, seed: number): Promise<PreflightResult> {
  const opened: UserEngineStore[] = []
  const namespaces: string[] = []
  try {
    const freshNamespace = async () => {
      const namespace = await harness.freshNamespace()
      namespaces.push(namespace)
      return namespace
    }
    const open = async (namespace: string) => {
      const store = await harness.open(namespace)
      opened.push(store)
      return store
    }
    return await judgeHarness(seed, freshNamespace, open)
  } catch (error) {
    return { ok: false, reasons: [`The harness failed before any case: ${describe(error)}.`] }
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()))
    await Promise.allSettled(namespaces.map((namespace) => harness.destroyNamespace(namespace)))
  }
}

async function judgeHarness(
  seed: number,
  freshNamespace: () => Promise<string>,
  open: (namespace: string) => Promise<UserEngineStore>,
): Promise<PreflightResult> {
  const [here, elsewhere] = [await freshNamespace(), await freshNamespace()]
  if (here === elsewhere) return refuse('freshNamespace() returned the same namespace twice.')
  const store = await open(here)
  const reasons = judgeManifest(store)
  if (reasons.length > 0) return { ok: false, reasons }
  const { capabilities } = store
  const twin = await open(here)
  if (JSON.stringify(twin.capabilities) !== JSON.stringify(capabilities)) {
    return refuse(
      'Two stores on one namespace have different manifests: the manifest must not depend on the instance.',
    )
  }
  const user = createRecordMaker(seed).user()
  await store.transact(PLATFORM, (tx) => tx.users.insert(user))
  const seenBy = async (other: UserEngineStore) =>
    (await other.read(PLATFORM, (reader) => reader.users.get(user.id))) !== null
  if (!(await seenBy(store)))
    return refuse('A user that was inserted cannot be read back: there is nothing to judge yet.')
  if (await seenBy(await open(elsewhere)))
    return refuse('A record of one namespace is visible in another: freshNamespace() must isolate them.')
  if (capabilities.durability.shared && !(await seenBy(twin))) {
    return refuse(
      'The manifest says durability.shared, but a second store on the namespace does not see the first one’s commit.',
    )
  }
  await twin.close()
  const afterClose = await twin
    .read(PLATFORM, (reader) => reader.users.get(user.id))
    .catch((error: unknown) => error)
  if (!isUserEngineError(afterClose, 'STORE_CLOSED'))
    return refuse('A closed store must refuse every call with STORE_CLOSED.')
  return { ok: true, capabilities }
}

function judgeManifest(store: UserEngineStore): readonly string[] {
  if (store.protocolVersion !== PROTOCOL_VERSION) {
    return [
      `The store implements protocol ${String(store.protocolVersion)}; this kit certifies protocol ${PROTOCOL_VERSION}.`,
    ]
  }
  const issues = findManifestIssues(store.capabilities)
  if (issues.length > 0) return issues.map((issue) => `The manifest is incomplete: ${issue}.`)
  const unfrozen = findUnfrozen(store.capabilities)
  return unfrozen === null ? [] : [`The manifest can be changed at ${unfrozen}: freeze it deeply.`]
}

function refuse(reason: string): PreflightResult {
  return { ok: false, reasons: [reason] }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
