export { openPostgresStore as openTestStore } from './postgres-store.ts'
