import type { Image, JournalPoint } from './journal.ts'
import { createLayers } from './layer.ts'
import type { Engine } from './memory-backend.ts'
import type { OutboxRow } from './outbox-log.ts'
import type { Partition } from './partition.ts'
import type { AuditSight, DeliveryImage, OutboxSight, Sight } from './sight.ts'
import { createView, type RecordWalk, type View } from './view.ts'
import { NO_WALK } from './walk.ts'

/** One moment of the backend, whatever is committed after it [TXN-07]. */
export interface Snapshot extends Sight {
  /** Works through what was committed since the last call; every look at the snapshot begins with it. */
  catchUp(): void
  close(): void
}

/** Opens a snapshot of now, for a scope whose logs are in `partition`. */
export function openSnapshot(engine: Engine, partition: Partition): Snapshot {
  return new JournalSnapshot(engine, partition)
}

const NOTHING: readonly never[] = []
const NO_IMAGES: ReadonlyMap<OutboxRow, DeliveryImage> = new Map()

class JournalSnapshot implements Snapshot {
  readonly records: View
  readonly #engine: Engine
  readonly #partition: Partition
  readonly #auditLength: number
  readonly #outboxSize: number
  readonly #lastSequence: number
  readonly #layers = createLayers()
  #images: Map<OutboxRow, DeliveryImage> | null = null
  #point: JournalPoint

  constructor(engine: Engine, partition: Partition) {
    this.#engine = engine
    this.#partition = partition
    this.#point = engine.journal.open()
    this.#auditLength = partition.audit.length
    this.#outboxSize = partition.outbox.size
    this.#lastSequence = engine.queue.lastSequence
    this.records = createView(this.#layers)
  }

  audit(): AuditSight {
    return { log: this.#partition.audit, length: this.#auditLength, own: NOTHING }
  }

  outbox(): OutboxSight {
    return {
      log: this.#partition.outbox,
      size: this.#outboxSize,
      lastSequence: this.#lastSequence,
      images: this.#images ?? NO_IMAGES,
      own: NOTHING,
    }
  }

  hasAdded(): boolean {
    return false
  }

  walkAdded(): RecordWalk<never> {
    return NO_WALK
  }

  catchUp(): void {
    for (let entry = this.#point.next; entry !== null; entry = entry.next) {
      this.#point = entry
      this.#show(entry.image)
    }
  }

  close(): void {
    this.#engine.journal.close()
  }

  /** Of several images of one record the first is the one of the moment the snapshot began. */
  #show(image: Image): void {
    if ('row' in image) {
      this.#images ??= new Map()
      if (!this.#images.has(image.row)) this.#images.set(image.row, image)
      return
    }
    const layer = this.#layers.over(image.table)
    if (!layer.changes.has(image.id))
      layer.set(image.id, { item: image.item, base: null, isReinserted: false })
  }
}
