// What one case has under its hands: everything it was given is taken back when it ends, whichever way it ended.
import type { StoreCapabilities, UserEngineStore } from '@user-engine/store-protocol'
import type { Defect } from './calibration/defects.ts'
import { type RaceResult, type Racers, runRace } from './calibration/race.ts'
import type { CaseContext } from './case.ts'
import type { Check } from './check.ts'
import type { ConformanceHarness, HarnessVerb, MigrationControl } from './harness.ts'
import { callVerb, type GuardedBackend, guardBackend } from './harness-guard.ts'
import { type DisturbedNetwork, openDisturbedNetwork } from './network/disturbed-network.ts'
import { type StoreProcess, startMigrationProcess, startStoreProcess } from './processes/store-process.ts'
import { createRandom } from './random.ts'
import { createRecordMaker } from './records.ts'
import { showError } from './show.ts'
import { LATE, raceAgainst } from './time-limit.ts'

export interface CaseSession<Context = CaseContext> {
  readonly context: Context
  readonly notes: readonly string[]
  readonly races: readonly RaceResult[]
  /**
   * Gives everything back: faults first, then stores, then namespaces. Says what would not go, and whose fault that is.
   */
  end(): Promise<{ readonly ofStore: readonly string[]; readonly ofHarness: readonly string[] }>
}

interface SessionOptions {
  readonly capabilities: StoreCapabilities
  readonly check: Check
  readonly seed: number
}

/** How long a store may take to close when it was told to cut off after a second. */
const CLOSE_TIMEOUT_MS = 15_000

/** Gives a case a namespace of its own. @throws HarnessFailure when the harness has none to give. */
export async function beginCaseSession(
  harness: ConformanceHarness,
  options: SessionOptions,
): Promise<CaseSession> {
  return new Session(harness, await freshNamespace(harness), options)
}

function freshNamespace(harness: ConformanceHarness): Promise<string> {
  return callVerb('freshNamespace() of the harness', () => harness.freshNamespace())
}

class Session implements CaseSession {
  readonly context: CaseContext
  readonly notes: string[] = []
  readonly races: RaceResult[] = []
  readonly #harness: ConformanceHarness
  readonly #stores: UserEngineStore[] = []
  readonly #namespaces: string[]
  readonly #processes: { kill(): Promise<void> }[] = []
  readonly #networks: DisturbedNetwork[] = []
  readonly #backend: GuardedBackend | null

  constructor(harness: ConformanceHarness, namespace: string, { capabilities, check, seed }: SessionOptions) {
    this.#harness = harness
    this.#namespaces = [namespace]
    this.#backend = harness.backend === undefined ? null : guardBackend(harness.backend)
    const open: CaseContext['open'] = async ({ namespace: elsewhere, ...openOptions } = {}) =>
      this.#track(await harness.open(elsewhere ?? namespace, openOptions))
    const openAll = async (on = namespace): ReturnType<CaseContext['openAll']> =>
      capabilities.durability.shared
        ? [await open({ namespace: on }), await open({ namespace: on })]
        : [await open({ namespace: on })]
    const session = this
    this.context = {
      ...{ check, capabilities, namespace, open },
      anotherNamespace: async () => {
        const another = await freshNamespace(harness)
        this.#namespaces.push(another)
        return another
      },
      openAll: () => openAll(),
      race: async (race) => {
        const meet = async () => this.#meet(namespace, await openAll())
        const meetBroken = async (defect: Defect) => {
          const apart = await freshNamespace(harness)
          this.#namespaces.push(apart)
          return this.#meet(apart, await openAll(apart), defect)
        }
        this.races.push(await runRace(race, { check, meet, meetBroken }))
      },
      reference: () => callVerb('reference() of the harness', () => harness.reference()),
      startProcess: () => this.#startProcess(namespace),
      startMigration: async (on) => {
        const started = await startMigrationProcess(harness.processes ?? lacking('processes'), on)
        this.#processes.push(started)
        return started
      },
      openThroughNetwork: async () => {
        const control = harness.network ?? lacking('network')
        const network = await openDisturbedNetwork(
          await callVerb('network.backendAddress() of the harness', () => control.backendAddress(namespace)),
        )
        this.#networks.push(network)
        return { network, store: this.#track(await control.openThrough(namespace, network.address)) }
      },
      get backend() {
        return session.#backend ?? lacking('backend')
      },
      get tenantLayers() {
        return session.#tenantLayers()
      },
      get engineAudit() {
        return harness.engineAudit ?? lacking('engineAudit')
      },
      get migrations() {
        return session.#migrations()
      },
      make: createRecordMaker(seed),
      random: createRandom(seed),
      note: (text) => void this.notes.push(text),
    }
  }

  async end(): Promise<{ readonly ofStore: readonly string[]; readonly ofHarness: readonly string[] }> {
    const ofHarness: string[] = []
    const attempt = (step: Promise<void>) =>
      step.catch(
        (error: unknown) => void ofHarness.push(error instanceof Error ? error.message : String(error)),
      )
    await attempt(this.#backend?.restore() ?? Promise.resolve())
    for (const started of this.#processes) await attempt(started.kill())
    for (const network of this.#networks) network.cut()
    const closed = await Promise.all(this.#stores.map(closeStore))
    for (const network of this.#networks) await network.close()
    for (const namespace of this.#namespaces)
      await attempt(
        callVerb('destroyNamespace() of the harness', () => this.#harness.destroyNamespace(namespace)),
      )
    return { ofStore: closed.filter((trouble) => trouble !== null), ofHarness }
  }

  #meet(namespace: string, stores: Racers['stores'], defect?: Defect): Racers {
    const change = defect?.breakStores() ?? ((store: UserEngineStore) => store)
    const [first, ...others] = stores
    const started: StoreProcess[] = []
    return {
      stores: [change(first), ...others.map(change)],
      processes: async (count) => {
        const missing = Array.from({ length: Math.max(0, count - started.length) })
        started.push(...(await Promise.all(missing.map(() => this.#startProcess(namespace, defect)))))
        return started.slice(0, count)
      },
    }
  }

  async #startProcess(namespace: string, defect?: Defect): Promise<StoreProcess> {
    const control = this.#harness.processes ?? lacking('processes')
    const started = await startStoreProcess(control, namespace, defect?.name)
    this.#processes.push(started)
    return started
  }

  #track(store: UserEngineStore): UserEngineStore {
    this.#stores.push(store)
    return store
  }

  #tenantLayers(): CaseContext['tenantLayers'] {
    const layers = this.#harness.tenantLayers ?? lacking('tenantLayers')
    return {
      openWithoutEngine: async (namespace) => this.#track(await layers.openWithoutEngine(namespace)),
      countWithoutPredicates: (namespace, tenantId) =>
        callVerb('tenantLayers.countWithoutPredicates() of the harness', () =>
          layers.countWithoutPredicates(namespace, tenantId),
        ),
    }
  }

  #migrations(): MigrationControl {
    const migrations = this.#harness.migrations ?? lacking('migrations')
    return {
      emptyNamespace: async () => {
        const namespace = await callVerb('migrations.emptyNamespace() of the harness', () =>
          migrations.emptyNamespace(),
        )
        this.#namespaces.push(namespace)
        return namespace
      },
      // What migrate() does is judged, so its failures are the store's.
      migrate: (namespace) => migrations.migrate(namespace),
      damage: (namespace, damage) =>
        callVerb('migrations.damage() of the harness', () => migrations.damage(namespace, damage)),
    }
  }
}

async function closeStore(store: UserEngineStore): Promise<string | null> {
  try {
    const first = await raceAgainst(store.close({ timeoutMs: 1_000 }), CLOSE_TIMEOUT_MS)
    return first === LATE ? `close() after the case did not end within ${CLOSE_TIMEOUT_MS} ms` : null
  } catch (error) {
    return `close() after the case failed with ${showError(error)}`
  }
}

function lacking(verb: HarnessVerb): never {
  throw new TypeError(`the case uses ${verb} without naming it in its needs`)
}
