import type { OutboxCloudEvent } from '../relay/cloud-event.ts'

const PLAIN = /^[A-Za-z0-9_-]$/

/**
 * The subject of an event: `<prefix>.tenant.<tenant>.<type>`, or `<prefix>.platform.<type>`. The dots of a type separate
 * tokens, so that `events.tenant.*.user-engine.user.>` is every event about users. Whatever else NATS gives a meaning,
 * and whatever is no letter, digit, `_` or `-`, is in percent code: two events share a subject only when tenant and type
 * are the same.
 */
export function natsSubjectOf({ tenantid, type }: OutboxCloudEvent, prefix: string): string {
  const scope = tenantid === undefined ? 'platform' : `tenant.${escapeToken(tenantid)}`
  return `${prefix}.${scope}.${type.split('.').map(escapeToken).join('.')}`
}

/** Whether a text can begin a subject: tokens of letters, digits, `_` and `-`, separated by dots. */
export function isSubjectPrefix(prefix: string): boolean {
  return /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(prefix)
}

// A token cannot be empty, and no other token is a single percent sign.
const EMPTY_TOKEN = '%'

function escapeToken(text: string): string {
  if (text === '') return EMPTY_TOKEN
  return Array.from(text, (character) => (PLAIN.test(character) ? character : percentCode(character))).join(
    '',
  )
}

function percentCode(character: string): string {
  return Array.from(
    Buffer.from(character),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}
