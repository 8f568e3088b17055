import type { JournalPoint } from './journal.ts'
import { createLayer, type Layer } from './layer.ts'
import type { Engine } from './memory-backend.ts'
import type { OutboxRow } from './outbox-log.ts'
import type { Partition } from './partition.ts'
import type { AuditSight, DeliveryImage, OutboxSight, Sight } from './sight.ts'
import type { Table } from './table.ts'
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

class JournalSnapshot implements Snapshot {
  readonly records: View
  readonly #engine: Engine
  readonly #audit: AuditSight
  readonly #outbox: OutboxSight
  readonly #images = new Map<OutboxRow, DeliveryImage>()
  #layers: Map<unknown, unknown> | null = null
  #point: JournalPoint

  constructor(engine: Engine, partition: Partition) {
    this.#engine = engine
    this.#point = engine.journal.open()
    this.#audit = { log: partition.audit, length: partition.audit.length, own: NOTHING }
    this.#outbox = {
      log: partition.outbox,
      size: partition.outbox.size,
      lastSequence: engine.queue.lastSequence,
      images: this.#images,
      own: NOTHING,
    }
    this.records = createView((table) => this.#layerOf(table))
  }

  audit(): AuditSight {
    return this.#audit
  }

  outbox(): OutboxSight {
    return this.#outbox
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
      const { image } = entry
      // Of several images of one record the first is the one of the moment the snapshot began.
      if ('row' in image) {
        if (!this.#images.has(image.row)) this.#images.set(image.row, image)
        continue
      }
      const layer = this.#layerOf(image.table) ?? this.#addLayer(image.table)
      if (!layer.changes.has(image.id)) {
        layer.set(image.id, { item: image.item, base: null, isReinserted: false })
      }
    }
  }

  close(): void {
    this.#engine.journal.close()
  }

  #layerOf<Item>(table: Table<Item>): Layer<Item> | undefined {
    return this.#layers?.get(table) as Layer<Item> | undefined
  }

  #addLayer<Item>(table: Table<Item>): Layer<Item> {
    const layer = createLayer(table)
    this.#layers ??= new Map()
    this.#layers.set(table, layer)
    return layer
  }
}
