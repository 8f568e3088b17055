import { changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import { createMemoryBackend, createMemoryStore } from '@user-engine/store-memory'
import { isUserEngineError, type JsonValue } from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

export const BROKEN_OPERATIONS: readonly BrokenStore[] = [
  broken(
    'MIG-01',
    'always-ready',
    'is ready whatever is wrong, and does not say what it looked at',
    (store) => override(store, { readiness: async () => ({ status: 'ready', checks: [] }) }),
  ),
  broken('MIG-01', 'no-remedies', 'says what is wrong and not what to do', (store) =>
    override(store, {
      readiness: async () => {
        const { status, checks } = await store.readiness()
        return { status, checks: checks.map((check) => ({ ...check, remedy: null })) }
      },
    }),
  ),
  broken('DIA-01', 'forgets-errors', 'does not say which errors there were', (store) =>
    override(store, { diagnostics: async () => ({ ...(await store.diagnostics()), errors: [] }) }),
  ),
  broken('DIA-01', 'no-json', 'gives diagnostics that JSON does not keep', (store) =>
    override(store, {
      diagnostics: async () => ({ ...(await store.diagnostics()), at: new Date(0) }) as never,
    }),
  ),
  broken('DIA-02', 'tells-values', 'repeats in an error the value it refused', (store) =>
    changeTransactions(store, (tx) => ({
      profileValues: override(tx.profileValues, {
        insert: (record) =>
          quietly(
            tx.profileValues.insert(record).catch((error: unknown) => {
              if (!isUserEngineError(error)) throw error
              let shown = ''
              try {
                shown = JSON.stringify(record.value) ?? ''
              } catch {
                shown = 'a cycle'
              }
              throw override(error as Error, { message: `${error.message} It was ${shown}.` })
            }),
          ),
      }),
    })),
  ),
  broken('DIA-02', 'diagnoses-payloads', 'shows the last payload in its diagnostics', (store) => {
    let last: JsonValue = null
    const noting = changeTransactions(store, (tx) => ({
      outbox: override(tx.outbox, {
        append: (event) => {
          last = event.payload
          return tx.outbox.append(event)
        },
      }),
    }))
    return override(noting, { diagnostics: async () => ({ ...(await store.diagnostics()), last }) as never })
  }),
  broken('LIF-01', 'answers-when-closed', 'goes on after it was closed', (store) =>
    override(store, { close: async () => {} }),
  ),
  broken('LIF-01', 'cuts-off-at-once', 'cuts running work off when it is closed', (store) =>
    override(store, { close: () => store.close({ timeoutMs: 0 }) }),
  ),
  {
    breaks: 'LIF-01',
    id: 'island',
    title: 'says that instances share a backend, and shows each its own',
    open: () => createMemoryStore({ backend: createMemoryBackend() }),
  },
]
