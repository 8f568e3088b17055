import { openTestStore } from './testing/open-test-store.ts'
import { openPostgresStore } from './testing/postgres-store.ts'
import { describeSeedScenarios } from './testing/seed-scenarios.ts'

describeSeedScenarios('store-memory', () => openTestStore())
describeSeedScenarios('store-postgres', () => openPostgresStore())
