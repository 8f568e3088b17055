import { defineBindingSwitch } from './binding-switch.ts'

export const disableBinding = defineBindingSwitch({
  verb: 'disable',
  from: 'enabled',
  to: 'disabled',
  event: 'user-engine.application-binding.disabled',
})
