import { defineAccountTransition } from './account-transition.ts'

export const deactivateAccount = defineAccountTransition({
  verb: 'deactivate',
  from: ['active', 'suspended'],
  to: 'deactivated',
  event: 'user-engine.account.deactivated',
})
