import { defineUserTransition } from './user-transition.ts'

export const suspendUser = defineUserTransition({
  verb: 'suspend',
  from: ['active'],
  to: 'suspended',
  event: 'user-engine.user.suspended',
})
