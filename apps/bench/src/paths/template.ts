// Recorded statements with what was particular to the recording taken out: the record, its tenant, its version, and the
// ids that are new each time.
import { newId, seededId, seededIdSql, subjectOf, tenantOf, type WorldSize } from '../data/world.ts'
import type { RecordedCall } from './wire-recording.ts'

type Slot =
  | { readonly kind: 'constant'; readonly value: string | null }
  | { readonly kind: 'seeded'; readonly of: string }
  | { readonly kind: 'new'; readonly index: number }
  | { readonly kind: 'tenant' }
  | { readonly kind: 'subject' }
  | { readonly kind: 'newSubject'; readonly prefix: string }
  | { readonly kind: 'version' }

export interface TemplateCall {
  readonly text: string
  readonly slots: readonly Slot[]
}

/** What a recorded unit of work was recorded with. */
export interface Recording {
  readonly n: number
  /** The expected version; nothing else in the unit may be this number. */
  readonly version: number | null
  readonly calls: readonly RecordedCall[]
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const SEEDED_ID = /^00000000-0000-7000-8([0-9a-f]{3})-([0-9a-f]{12})$/

export function templateOf({ n, version, calls }: Recording, size: WorldSize): readonly TemplateCall[] {
  const fresh: string[] = []
  const tenant = tenantOf(n, size)
  const slotOf = (value: string | null): Slot => {
    if (value === null) return { kind: 'constant', value }
    const seeded = SEEDED_ID.exec(value)
    if (seeded !== null && Number.parseInt(seeded[2] ?? '', 16) === n)
      return { kind: 'seeded', of: seeded[1] ?? '' }
    if (seeded === null && UUID.test(value)) {
      if (!fresh.includes(value)) fresh.push(value)
      return { kind: 'new', index: fresh.indexOf(value) }
    }
    if (value === tenant) return { kind: 'tenant' }
    if (value === subjectOf(n)) return { kind: 'subject' }
    if (value.startsWith('new-subject-')) return { kind: 'newSubject', prefix: 'new-subject-' }
    if (version !== null && value === String(version)) return { kind: 'version' }
    return { kind: 'constant', value }
  }
  return calls.map(({ text, values }) => ({ text, slots: values.map(slotOf) }))
}

/** The parameters for one execution. */
export function fill(
  calls: readonly TemplateCall[],
  pick: { readonly n: number; readonly version: number },
  size: WorldSize,
): readonly { readonly text: string; readonly values: (string | null)[] }[] {
  const fresh: string[] = []
  const parameterOf = (slot: Slot): string | null => {
    switch (slot.kind) {
      case 'constant':
        return slot.value
      case 'seeded':
        return seededId(slot.of, pick.n)
      case 'new':
        fresh[slot.index] ??= newId()
        return fresh[slot.index] ?? null
      case 'tenant':
        return tenantOf(pick.n, size)
      case 'subject':
        return subjectOf(pick.n)
      case 'newSubject':
        fresh[0] ??= newId()
        return slot.prefix + fresh[0]
      case 'version':
        return String(pick.version)
    }
  }
  return calls.map(({ text, slots }) => ({ text, values: slots.map(parameterOf) }))
}

export interface PgbenchScript {
  readonly text: string
  /** Constants as variables: pgbench takes no quoted literals with colons. */
  readonly variables: Readonly<Record<string, string>>
}

/**
 * The unit of work as one pipeline of pgbench. Where a version is expected the row is compared with itself: pgbench
 * cannot know it. Its records are the upper half of the users, so that it changes no version that others expect.
 */
export function pgbenchScript(calls: readonly TemplateCall[], size: WorldSize, range: number): PgbenchScript {
  const variables: Record<string, string> = {}
  const names = new Map<string, string>()
  const constant = (value: string) => {
    const name = names.get(value) ?? `c${names.size}`
    names.set(value, name)
    variables[name] = value
    return `:${name}`
  }
  const newIdSql = (index: number) =>
    `('0199' || lpad(to_hex(:round::integer), 4, '0') || '-00${index.toString(16).padStart(2, '0')}-7000-8' || lpad(to_hex(:client_id::integer), 3, '0') || '-' || lpad(to_hex(:sequence::bigint), 12, '0'))`
  const expressionOf = (slot: Slot): string => {
    switch (slot.kind) {
      case 'constant':
        if (slot.value === null) return 'NULL'
        return slot.value === '' ? "''" : constant(slot.value)
      case 'seeded':
        return seededIdSql(slot.of, ':n::bigint')
      case 'new':
        return `${newIdSql(slot.index)}::uuid`
      case 'tenant':
        return `('tenant-' || :tenant)`
      case 'subject':
        return `('subject-' || :n)`
      case 'newSubject':
        return `('${slot.prefix}' || ${newIdSql(0)})`
      case 'version':
        return '0'
    }
  }
  const statements = calls.map(({ text, slots }) => {
    const versionAt = slots.findIndex(({ kind }) => kind === 'version') + 1
    const compared =
      versionAt === 0
        ? text
        : text.replace(new RegExp(`(\\w+\\.version) = \\$${versionAt}(?!\\d)`), '$1 = $1')
    return `${compared.replace(/\$(\d+)/g, (_, index) => expressionOf(slots[Number(index) - 1] ?? { kind: 'constant', value: null }))};`
  })
  return {
    text: [
      `\\set n random(${Math.floor(range / 2) + 1}, ${range})`,
      `\\set tenant :n % ${size.tenants}`,
      '\\set sequence :sequence + 1',
      '\\startpipeline',
      ...statements,
      '\\endpipeline',
      '',
    ].join('\n'),
    variables,
  }
}
