import { defineAccountTransition } from './account-transition.ts'

export const suspendAccount = defineAccountTransition({
  verb: 'suspend',
  from: ['active'],
  to: 'suspended',
  event: 'user-engine.account.suspended',
})
