import { defineAccountTransition } from './account-transition.ts'

export const reactivateAccount = defineAccountTransition({
  verb: 'reactivate',
  from: ['suspended'],
  to: 'active',
  event: 'user-engine.account.reactivated',
})
