import { defineUserTransition } from './user-transition.ts'

export const reactivateUser = defineUserTransition({
  verb: 'reactivate',
  from: ['suspended'],
  to: 'active',
  event: 'user-engine.user.reactivated',
})
