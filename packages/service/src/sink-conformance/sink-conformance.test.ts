// Every sink of the package, behind a real receiver each.
import { describe, it } from 'vitest'
import { createMailboxHarness } from '../testing/mailbox-harness.ts'
import { createWebhookHarness } from '../testing/webhook-harness.ts'
import { sinkConformanceTests } from './index.ts'

const inProcess = {
  ...createMailboxHarness('a function of this process'),
  cannot: { away: 'a function of the same process can always be reached' },
}

for (const harness of [inProcess, createWebhookHarness('structured'), createWebhookHarness('binary')]) {
  sinkConformanceTests(harness, { describe, it })
}
