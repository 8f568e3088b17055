import { defineBindingSwitch } from './binding-switch.ts'

export const enableBinding = defineBindingSwitch({
  verb: 'enable',
  from: 'disabled',
  to: 'enabled',
  event: 'user-engine.application-binding.enabled',
})
