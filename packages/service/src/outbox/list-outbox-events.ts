import { OUTBOX_STATES, type OutboxEntry, type Page } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { omitUndefined } from '../commands/omit-undefined.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listOutboxEventsInputSchema = listInputSchema.extend({
  /** Only events in this state; default all. */
  state: z.enum(OUTBOX_STATES).optional(),
})

export type ListOutboxEventsInput = InputOf<typeof listOutboxEventsInputSchema>

export const listOutboxEvents = defineQuery({
  action: 'outbox-event.list',
  input: listOutboxEventsInputSchema,
  target: () => ({ type: 'outbox-event', id: '*' }),
  perform: (reader, input): Promise<Page<OutboxEntry>> => {
    const { state } = input
    return reader.outbox.list({ page: pageOf(input), ...omitUndefined({ state }) })
  },
})
