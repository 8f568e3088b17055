// Brings the types of what the global setup provides.
import '@user-engine/provider-local/vitest'
