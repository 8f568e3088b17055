// Before a store is judged, the harness is: one whose namespaces leak into each other makes every verdict worthless,
// and a store whose manifest is not what it says cannot be judged by it.
import {
  isUserEngineError,
  PROTOCOL_VERSION,
  type StoreCapabilities,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { ConformanceHarness } from './harness.ts'
import { callVerb } from './harness-guard.ts'
import { findManifestIssues, findUnfrozen } from './manifest.ts'
import { createRecordMaker, PLATFORM } from './records.ts'
import { showError } from './show.ts'

export type PreflightResult<Manifest = StoreCapabilities> =
  | { readonly ok: true; readonly manifest: Manifest }
  /** Sentences that say what to change in the harness or the store. */
  | { readonly ok: false; readonly reasons: readonly string[] }

/** Proves the harness. Never rejects: what goes wrong becomes a reason. */
export async function runPreflight(harness: ConformanceHarness, seed: number): Promise<PreflightResult> {
  const opened: UserEngineStore[] = []
  const namespaces: string[] = []
  const hands: Hands = {
    seed,
    async freshNamespace() {
      const namespace = await callVerb('freshNamespace() of the harness', () => harness.freshNamespace())
      namespaces.push(namespace)
      return namespace
    },
    async open(namespace) {
      const store = await callVerb('open() of the harness', () => harness.open(namespace))
      opened.push(store)
      return store
    },
  }
  const judged = await judgeHarness(hands).catch(refuseBecause)
  const given = await giveBack(harness, opened, namespaces).catch(refuseBecause)
  return judged.ok && given !== null ? given : judged
}

interface Hands {
  readonly seed: number
  freshNamespace(): Promise<string>
  open(namespace: string): Promise<UserEngineStore>
}

async function judgeHarness({ seed, freshNamespace, open }: Hands): Promise<PreflightResult> {
  const [here, elsewhere] = [await freshNamespace(), await freshNamespace()]
  if (here === elsewhere) return refuse('freshNamespace() returned the same namespace twice.')
  const store = await open(here)
  const reasons = judgeManifest(store)
  if (reasons.length > 0) return refuse(...reasons)
  const { capabilities } = store
  const twin = await open(here)
  if (JSON.stringify(twin.capabilities) !== JSON.stringify(capabilities)) {
    return refuse(
      'Two stores on one namespace have different manifests: the manifest must not depend on the instance.',
    )
  }
  const user = createRecordMaker(seed).user()
  await callVerb('transact() of the store', () => store.transact(PLATFORM, (tx) => tx.users.insert(user)))
  const seenBy = async (other: UserEngineStore) => {
    const found = await callVerb('read() of the store', () =>
      other.read(PLATFORM, (reader) => reader.users.get(user.id)),
    )
    return found !== null
  }
  if (!(await seenBy(store)))
    return refuse('A user that was inserted cannot be read back: there is nothing to judge yet.')
  if (await seenBy(await open(elsewhere)))
    return refuse('A record of one namespace is visible in another: freshNamespace() must isolate them.')
  if (capabilities.durability.shared !== (await seenBy(twin))) {
    return refuse(
      capabilities.durability.shared
        ? 'The manifest says durability.shared, but a second store on the namespace does not see the first one’s commit.'
        : 'The manifest denies durability.shared, but a second store on the namespace sees the first one’s commit.',
    )
  }
  return await judgeClosing(twin, user.id, capabilities)
}

async function judgeClosing(
  store: UserEngineStore,
  userId: string,
  capabilities: StoreCapabilities,
): Promise<PreflightResult> {
  await callVerb('close() of the store', () => store.close())
  try {
    await store.read(PLATFORM, (reader) => reader.users.get(userId))
  } catch (error) {
    if (isUserEngineError(error, 'STORE_CLOSED')) return { ok: true, manifest: capabilities }
    return refuse(`A closed store must refuse every call with STORE_CLOSED, not with ${showError(error)}.`)
  }
  return refuse('A closed store must refuse every call with STORE_CLOSED.')
}

function judgeManifest(store: UserEngineStore): readonly string[] {
  if (store.protocolVersion !== PROTOCOL_VERSION) {
    const found = String(store.protocolVersion)
    return [`The store implements protocol ${found}; this kit certifies protocol ${PROTOCOL_VERSION}.`]
  }
  const issues = findManifestIssues(store.capabilities)
  if (issues.length > 0) return issues.map((issue) => `The manifest is not complete: ${issue}.`)
  const unfrozen = findUnfrozen(store.capabilities)
  return unfrozen === null ? [] : [`The manifest can be changed at ${unfrozen}: freeze it deeply.`]
}

/** Null when everything went. */
async function giveBack(
  harness: ConformanceHarness,
  stores: readonly UserEngineStore[],
  namespaces: readonly string[],
): Promise<PreflightResult | null> {
  for (const store of stores) await callVerb('close() of the store', () => store.close())
  for (const namespace of namespaces)
    await callVerb('destroyNamespace() of the harness', () => harness.destroyNamespace(namespace))
  return null
}

function refuse(...reasons: readonly string[]): PreflightResult {
  return { ok: false, reasons }
}

function refuseBecause(error: unknown): PreflightResult {
  return refuse(`Before any case: ${error instanceof Error ? error.message : String(error)}`)
}
