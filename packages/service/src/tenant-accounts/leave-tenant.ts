import { defineTenantAccountTransition } from './tenant-account-transition.ts'

export const leaveTenant = defineTenantAccountTransition({
  verb: 'leave',
  from: ['invited', 'active', 'suspended'],
  to: 'left',
  event: 'user-engine.tenant-account.left',
})
