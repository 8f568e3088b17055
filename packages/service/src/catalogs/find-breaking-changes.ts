import type { AttributeDefinition, BreakingChange } from '@user-engine/store-protocol'

type Constraints = AttributeDefinition['constraints']

/**
 * Finds what a catalog version breaks for values and readers of the one before it, by attribute in the order of the
 * version before, then by kind. A change of type makes every other comparison of the values meaningless, so that its
 * constraints are not compared.
 */
export function findBreakingChanges(
  before: readonly AttributeDefinition[],
  after: readonly AttributeDefinition[],
): BreakingChange[] {
  const definitions = new Map(after.map((definition) => [definition.key, definition]))
  return before.flatMap((old) => {
    const definition = definitions.get(old.key)
    const kinds = definition === undefined ? (['attribute-removed'] as const) : compare(old, definition)
    return kinds.map((kind) => ({ attribute: old.key, kind }))
  })
}

function compare(old: AttributeDefinition, definition: AttributeDefinition): BreakingChange['kind'][] {
  const kinds: BreakingChange['kind'][] = []
  if (old.type !== definition.type) kinds.push('type-changed')
  else if (isNarrowed(old.constraints, definition.constraints)) kinds.push('constraint-narrowed')
  if (!old.required && definition.required) kinds.push('became-required')
  if (lacksAny(definition.levels, old.levels)) kinds.push('level-removed')
  if (lacksAny(definition.viewers, old.viewers)) kinds.push('viewer-removed')
  if (lacksAny(definition.editors, old.editors)) kinds.push('editor-removed')
  return kinds
}

// Narrowed means that a value which fitted may not fit any more. A limit that is gone or looser never is.
function isNarrowed(old: Constraints, next: Constraints): boolean {
  return (
    isRaised(old.minLength ?? 0, next.minLength) ||
    isLowered(old.maxLength, next.maxLength) ||
    (next.format !== undefined && next.format !== old.format) ||
    isRaised(old.minimum, next.minimum) ||
    isLowered(old.maximum, next.maximum) ||
    isLowered(old.maxItems, next.maxItems) ||
    (next.oneOf !== undefined && (old.oneOf === undefined || lacksAny(next.oneOf, old.oneOf)))
  )
}

function isRaised(old: number | undefined, next: number | undefined): boolean {
  return next !== undefined && (old === undefined || next > old)
}

function isLowered(old: number | undefined, next: number | undefined): boolean {
  return next !== undefined && (old === undefined || next < old)
}

function lacksAny(members: readonly unknown[], needed: readonly unknown[]): boolean {
  return needed.some((member) => !members.includes(member))
}
