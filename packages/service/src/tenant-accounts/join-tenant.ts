import { defineTenantAccountTransition } from './tenant-account-transition.ts'

export const joinTenant = defineTenantAccountTransition({
  verb: 'join',
  from: ['invited'],
  to: 'active',
  event: 'user-engine.tenant-account.joined',
})
