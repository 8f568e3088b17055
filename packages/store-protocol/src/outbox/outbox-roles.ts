import type { Page, PageRequest } from '../page.ts'
import type { OutboxEvent } from './outbox-event.ts'

export const OUTBOX_STATES = ['pending', 'delivered', 'dead'] as const

/** `pending`: not yet acknowledged, leased or not; `delivered`: acknowledged; `dead`: in the dead letters. */
export type OutboxState = (typeof OUTBOX_STATES)[number]

/** An event of the scope with how far it has come. */
export interface OutboxEntry {
  readonly event: OutboxEvent
  readonly state: OutboxState
  /** How often it has been handed over so far, but for what was released [OBX-10]; `null` once it is delivered, when that is no longer kept. */
  readonly attempts: number | null
}

/** Reads the outbox of a scope: a tenant's events, or the platform's own [TEN-01]. */
export interface OutboxReader {
  /**
   * The events of the scope, by commit order, optionally in one state only [QRY-01, QRY-02, QRY-03]. A store may remove
   * delivered events when they are old; how long they stay is its operator's decision.
   */
  list(request?: { readonly state?: OutboxState; readonly page?: PageRequest }): Promise<Page<OutboxEntry>>
}

/** Appends events to the transaction of the change they tell about; there is no other write [OBX-01]. */
export interface OutboxAppender {
  /**
   * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY` when a tenant scope names another tenant or the platform;
   * `DUPLICATE_KEY` for the id.
   */
  append(event: OutboxEvent): Promise<void>
}
