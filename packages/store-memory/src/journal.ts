import type { OutboxRow } from './outbox-log.ts'
import type { Table } from './table.ts'

/** How a record or an event was before a commit changed it. */
export type Image =
  | { readonly table: Table<unknown>; readonly id: string; readonly item: unknown }
  | { readonly row: OutboxRow; readonly state: OutboxRow['state']; readonly attempts: number }

/** A point in the journal: what follows it happened later. */
export interface JournalPoint {
  readonly next: JournalEntry | null
}

export interface JournalEntry extends JournalPoint {
  readonly image: Image
}

/**
 * What commits overwrite while snapshots are open, oldest first. A snapshot holds on to the point at which it began
 * and works through what follows when it reads. Entries that no snapshot can reach any more are collected with
 * the rest of the garbage; while no snapshot is open, nothing is recorded at all.
 */
export interface Journal {
  readonly openSnapshots: number
  /** Opens a snapshot and returns the point at which it begins. */
  open(): JournalPoint
  close(): void
  record(image: Image): void
}

export function createJournal(): Journal {
  return new LinkedJournal()
}

interface Link {
  next: (Link & JournalEntry) | null
}

class LinkedJournal implements Journal {
  #openSnapshots = 0
  #end: Link = { next: null }

  get openSnapshots(): number {
    return this.#openSnapshots
  }

  open(): JournalPoint {
    this.#openSnapshots++
    return this.#end
  }

  close(): void {
    this.#openSnapshots--
    // The last entry would keep alive what it holds.
    if (this.#openSnapshots === 0 && 'image' in this.#end) this.#end = { next: null }
  }

  record(image: Image): void {
    if (this.#openSnapshots === 0) return
    const entry = { image, next: null }
    this.#end.next = entry
    this.#end = entry
  }
}
