import { inspect } from 'node:util'
import { isUserEngineError } from '@user-engine/store-protocol'

const MAX_SHOWN = 500

/** A value as text for a report, cut where it grows long. */
export function show(value: unknown): string {
  return cut(isUserEngineError(value) ? `${value.code} ${inspectShort(value.data)}` : inspectShort(value))
}

/** What an unexpected error says: its code and data where it is of the contract, else its name and message. */
export function showError(error: unknown): string {
  if (isUserEngineError(error)) return show(error)
  return cut(error instanceof Error ? `${error.name}: ${error.message}` : inspectShort(error))
}

function inspectShort(value: unknown): string {
  return inspect(value, {
    depth: 8,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    maxArrayLength: 50,
  })
}

function cut(text: string): string {
  return shorten(hideLogins(text))
}

// An address with a login in it is the one secret that drivers like to repeat in their messages.
function hideLogins(text: string): string {
  return text.replaceAll(/\/\/[^\s/@]*@/g, '//***@')
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text
}
