import { defineTenantAccountTransition } from './tenant-account-transition.ts'

export const suspendTenantAccount = defineTenantAccountTransition({
  verb: 'suspend',
  from: ['active'],
  to: 'suspended',
  event: 'user-engine.tenant-account.suspended',
})
