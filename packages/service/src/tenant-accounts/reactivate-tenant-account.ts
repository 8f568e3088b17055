import { defineTenantAccountTransition } from './tenant-account-transition.ts'

export const reactivateTenantAccount = defineTenantAccountTransition({
  verb: 'reactivate',
  from: ['suspended'],
  to: 'active',
  event: 'user-engine.tenant-account.reactivated',
})
