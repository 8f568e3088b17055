import type { OutboxEntry, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import { type ListOutboxEventsInput, listOutboxEvents } from './list-outbox-events.ts'

/** Reads the outbox of the scope: the tenant's events, or the platform's own [TEN-01]. Delivering them is the relay's work. */
export interface OutboxCommands {
  /** The events of the scope in the order of their commit, optionally in one state only [QRY-01, QRY-03]. */
  list(context: CommandContext, input?: ListOutboxEventsInput): Promise<Page<OutboxEntry>>
}

export function createOutboxCommands(runner: CommandRunner): OutboxCommands {
  return {
    list: (context, input = {}) => runner.runQuery(listOutboxEvents, context, input),
  }
}
