import { defineUserTransition } from './user-transition.ts'

export const deactivateUser = defineUserTransition({
  verb: 'deactivate',
  from: ['active', 'suspended'],
  to: 'deactivated',
  event: 'user-engine.user.deactivated',
})
