import {
  type AuditRecord,
  type EntityKind,
  type OutboxEvent,
  type TenantId,
  UserEngineError,
} from '@user-engine/store-protocol'
import { type Appends, createAppends } from './appends.ts'
import { type Change, createLayers, type Layer, type Layers } from './layer.ts'
import type { Engine } from './memory-backend.ts'
import type { OutboxRow } from './outbox-log.ts'
import type { Partition, TenantPartition } from './partition.ts'
import { type IndexReference, type Place, placeOf, type Range } from './record-index.ts'
import type { AuditSight, DeliveryImage, OutboxSight, Sight } from './sight.ts'
import type { Table } from './table.ts'
import type { UnitOfWork } from './unit-of-work.ts'
import { createView, type RecordWalk, type View } from './view.ts'
import { NO_WALK, type Walk } from './walk.ts'

/**
 * What a transaction has written and not committed. Reads look through it at what is committed at that moment. A
 * write is checked at its call as far as the answer is certain then; the commit checks again what others may have
 * committed since, and applies everything or nothing [TXN-01]. Nothing is ever locked, and nobody waits.
 */
export interface Overlay extends Sight {
  /** Adds a record. @throws UserEngineError `DUPLICATE_KEY`, `DUPLICATE_IDENTITY` [IDN-01, IDN-03]. */
  insert<Item>(table: Table<Item>, item: Item): void
  /** Puts a new version into the place of a record that was seen in this transaction. */
  replace<Item>(table: Table<Item>, item: Item): void
  /** Removes a record that was seen in this transaction. */
  remove<Item>(table: Table<Item>, id: string): void
  /** Appends to the log of the record's tenant, or of the platform. @throws UserEngineError `DUPLICATE_KEY`. */
  appendAudit(record: AuditRecord): void
  /** Appends to the log of the event's tenant, or of the platform. @throws UserEngineError `DUPLICATE_KEY`. */
  appendEvent(event: OutboxEvent): void
  /** The partition of a tenant that a platform scope writes to. */
  partitionOf(tenantId: TenantId): TenantPartition
  /** Marks a point to go back to; followed by one {@link Overlay.keep} or {@link Overlay.rollBack}. */
  savepoint(): number
  keep(): void
  rollBack(savepoint: number): void
  /** @throws UserEngineError what a write refuses after others have committed; nothing has changed then [TXN-10]. */
  commit(): void
}

export function createOverlay(unit: UnitOfWork): Overlay {
  return new LayeredOverlay(unit)
}

const NO_IMAGES: ReadonlyMap<OutboxRow, DeliveryImage> = new Map()

class LayeredOverlay implements Overlay {
  readonly records: View
  readonly #unit: UnitOfWork
  readonly #engine: Engine
  readonly #partition: Partition
  readonly #layers: Layers = createLayers()
  readonly #audit: Appends<AuditRecord>
  readonly #events: Appends<OutboxEvent>
  /** How to take back each write that was made while a savepoint was open. */
  #undo: (() => void)[] | null = null
  #mayRemove = false
  #openSavepoints = 0
  /** How many commits there had been at the first check of a write; -1 before it. */
  #checkedAt = -1

  constructor(unit: UnitOfWork) {
    const { engine, partition } = unit
    this.#unit = unit
    this.#engine = engine
    this.#partition = partition
    this.#audit = createAppends(partition)
    this.#events = createAppends(partition)
    this.records = createView(this.#layers)
  }

  audit(): AuditSight {
    const { audit } = this.#partition
    return { log: audit, length: audit.length, own: this.#audit.own() }
  }

  outbox(): OutboxSight {
    const { outbox } = this.#partition
    return {
      log: outbox,
      size: outbox.size,
      lastSequence: this.#engine.queue.lastSequence,
      images: NO_IMAGES,
      own: this.#events.own(),
    }
  }

  hasAdded<Item>(table: Table<Item>, id: string): boolean {
    const change = this.#layers.find(table)?.changes.get(id)
    return change !== undefined && isAddition(change)
  }

  walkAdded<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): RecordWalk<Item> {
    const layer = this.#layers.find(table)
    return layer === undefined ? NO_WALK : new AddedWalk(layer.index(index).walk(range))
  }

  insert<Item>(table: Table<Item>, item: Item): void {
    const { entity, idOf, indexes } = table.definition
    const id = idOf(item)
    if (this.records.get(table, id) !== null) throw duplicateId(entity)
    for (const index of indexes) {
      if (index.refuseDuplicate === undefined) continue
      if (this.records.find(table, index, placeOf(index, item)) !== null) throw index.refuseDuplicate()
    }
    this.#write(table, id, item)
  }

  replace<Item>(table: Table<Item>, item: Item): void {
    this.#write(table, table.definition.idOf(item), item)
  }

  remove<Item>(table: Table<Item>, id: string): void {
    this.#mayRemove = true
    this.#write(table, id, null)
  }

  appendAudit(record: AuditRecord): void {
    const partition = this.#unit.partitionOf(record.tenantId)
    if (isRecorded(partition, record) || this.#audit.has(partition, record.id)) {
      throw duplicateId('audit-record')
    }
    this.#append(this.#audit, partition, record)
  }

  appendEvent(event: OutboxEvent): void {
    const partition = this.#unit.partitionOf(event.tenantId)
    if (isQueued(partition, event) || this.#events.has(partition, event.id)) throw duplicateId('outbox-event')
    this.#append(this.#events, partition, event)
  }

  partitionOf(tenantId: TenantId): TenantPartition {
    return this.#unit.partitionOf(tenantId)
  }

  savepoint(): number {
    this.#openSavepoints++
    this.#undo ??= []
    return this.#undo.length
  }

  keep(): void {
    this.#openSavepoints--
    // An outer savepoint may still undo what this one kept.
    if (this.#openSavepoints === 0) this.#undo = null
  }

  rollBack(savepoint: number): void {
    this.#openSavepoints--
    const undo = this.#undo ?? []
    while (undo.length > savepoint) undo.pop()?.()
  }

  commit(): void {
    if (this.#checkedAt < 0) return
    if (this.#checkedAt !== this.#engine.commits) this.#checkAgain()
    this.#apply()
    this.#engine.commits++
  }

  #write<Item>(table: Table<Item>, id: string, item: Item | null): void {
    this.#noteCheck()
    const layer = this.#layers.over(table)
    const former = layer.changes.get(id)
    const base = former === undefined ? (table.get(id) ?? null) : former.base
    const isRemoved = former !== undefined && former.item === null
    const isReinserted = former?.isReinserted === true || (isRemoved && base !== null)
    layer.set(id, { item, base, isReinserted })
    if (this.#openSavepoints > 0) this.#undo?.push(() => layer.set(id, former))
  }

  #append<Item extends { readonly id: string }>(
    appends: Appends<Item>,
    partition: Partition,
    item: Item,
  ): void {
    this.#noteCheck()
    const { length } = appends
    appends.append(partition, item)
    if (this.#openSavepoints > 0) this.#undo?.push(() => appends.truncate(length))
  }

  #noteCheck(): void {
    if (this.#checkedAt < 0) this.#checkedAt = this.#engine.commits
  }

  /** What was certain at the calls may have been overtaken by the commits of others since. */
  #checkAgain(): void {
    this.#layers.forEach((layer) => {
      layer.changes.forEach((change, id) => {
        checkRecord(layer, { id, change })
      })
    })
    this.#audit.each((partition, record) => {
      if (isRecorded(partition, record)) throw duplicateId('audit-record')
    })
    this.#events.each((partition, event) => {
      if (isQueued(partition, event)) throw duplicateId('outbox-event')
    })
  }

  #keepForSnapshots(): void {
    const { journal } = this.#engine
    this.#layers.forEach(({ table, changes }) => {
      changes.forEach(({ item, base }, id) => {
        if (item !== null || base !== null) journal.record({ table, id, item: base })
      })
    })
  }

  #apply(): void {
    const { journal, queue } = this.#engine
    if (journal.openSnapshots > 0) this.#keepForSnapshots()
    // Removals first: what is added may take over their keys.
    if (this.#mayRemove) this.#layers.forEach(applyRemovals)
    // Owners before what belongs to them: rows look theirs up when they are added.
    this.#layers.forEach((layer) => {
      if (layer.table.owners === null) applyAdditions(layer)
    })
    this.#layers.forEach((layer) => {
      if (layer.table.owners !== null) applyAdditions(layer)
    })
    this.#audit.each(({ audit }, record) => audit.append(record))
    // In the order of the calls, whichever tenants they are for: it is their commit order [OBX-05].
    this.#events.each(({ outbox }, event) => queue.append(event, outbox))
  }
}

/** The records of a layer that there are no committed ones of. */
class AddedWalk<Item> implements RecordWalk<Item> {
  readonly #changes: Walk<string, Change<Item>>

  constructor(changes: Walk<string, Change<Item>>) {
    this.#changes = changes
  }

  get key(): string {
    return this.#changes.key
  }

  get value(): Item {
    return this.#changes.value.item as Item
  }

  next(): boolean {
    while (this.#changes.next()) if (isAddition(this.#changes.value)) return true
    return false
  }
}

function applyRemovals({ table, changes }: Layer<unknown>): void {
  changes.forEach(({ item, base, isReinserted }, id) => {
    if (base !== null && (item === null || isReinserted)) table.remove(id)
  })
}

function applyAdditions({ table, changes }: Layer<unknown>): void {
  changes.forEach(({ item, base, isReinserted }, id) => {
    if (item === null) return
    if (base === null || isReinserted) table.add(id, item)
    else table.replace(id, item)
  })
}

function isAddition({ item, base }: Change<unknown>): boolean {
  return item !== null && base === null
}

function isRecorded({ audit }: Partition, { id }: AuditRecord): boolean {
  return audit.positionOf(id) !== undefined
}

function isQueued({ outbox }: Partition, { id }: OutboxEvent): boolean {
  return outbox.sequenceOf(id) !== undefined
}

function duplicateId(entity: EntityKind): UserEngineError {
  return new UserEngineError('DUPLICATE_KEY', { entity, key: 'id' })
}

function checkRecord<Item>(
  layer: Layer<Item>,
  { id, change }: { readonly id: string; readonly change: Change<Item> },
): void {
  const { table } = layer
  const { item, base, isReinserted } = change
  if (item === null && base === null) return
  const current = table.get(id) ?? null
  // Records are frozen and replaced as a whole: the same object is the same version.
  if (current !== base) throw conflictOf(table.definition.entity, { id, base, current })
  if (item === null || (base !== null && !isReinserted)) return
  for (const index of table.definition.indexes) {
    if (index.refuseDuplicate === undefined) continue
    const place = placeOf(index, item)
    const row = table.index(index).find(place)
    if (row === undefined) continue
    const holder = table.idAt(row)
    if (holder === id) continue
    const change = layer.changes.get(holder)
    // The holder gives the key up when this transaction removes it, or adds it again under another key.
    const keepsKey =
      change === undefined || (change.item !== null && isSamePlace(placeOf(index, change.item), place))
    if (keepsKey) throw index.refuseDuplicate()
  }
}

function isSamePlace(one: Required<Place>, other: Required<Place>): boolean {
  return one.branch === other.branch && one.group === other.group && one.key === other.key
}

function conflictOf(
  entity: EntityKind,
  { id, base, current }: { readonly id: string; readonly base: unknown; readonly current: unknown },
): UserEngineError {
  if (base === null) return duplicateId(entity)
  if (current === null) return new UserEngineError('NOT_FOUND', { entity, id })
  return new UserEngineError('VERSION_CONFLICT', {
    entity,
    id,
    expectedVersion: versionOf(base),
    currentVersion: versionOf(current),
  })
}

function versionOf(record: unknown): number {
  return (record as { readonly version: number }).version
}
