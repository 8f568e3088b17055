import { cpus, totalmem } from 'node:os'
import type { WorldSize } from './data/world.ts'
import type { Measured } from './measure/interleave.ts'
import type { Profile } from './measure/profile.ts'
import type { ComparisonKey } from './suites/comparison.ts'
import type { GrowthKey } from './suites/growth.ts'
import type { ImportKey } from './suites/import.ts'
import type { MemoryKey, MemoryUse } from './suites/memory.ts'
import type { OutboxKey } from './suites/outbox.ts'

/** What a run writes; each part is replaced by the next run that measures it. */
export interface Results {
  comparison?: Part<ComparisonKey> & {
    readonly size: WorldSize
    /** Of the paths that missed a target. */
    readonly profiles: readonly Profile<ComparisonKey>[]
  }
  outbox?: Part<OutboxKey>
  import?: Part<ImportKey> & {
    readonly users: number
    readonly profiles: readonly Profile<ImportKey>[]
  }
  memory?: Part<MemoryKey> & { readonly use: readonly MemoryUse[] }
  growth?: Part<GrowthKey> & {
    readonly small: WorldSize
    readonly middle: WorldSize
    readonly large: WorldSize
  }
}

export interface Part<Key> {
  readonly measuredAt: string
  readonly machine: Machine
  readonly quick: boolean
  /** Milliseconds of one round. */
  readonly durationMs: number
  readonly cells: readonly Measured<Key>[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  /** `null` for a part that needs none. */
  readonly postgres: string | null
  readonly node: string
  readonly settings: Readonly<Record<string, string>>
}

export function describeMachine(
  postgres: string | null,
  settings: Readonly<Record<string, string>>,
): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    postgres,
    node: process.version,
    settings,
  }
}
