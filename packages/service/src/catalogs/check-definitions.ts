import type { AttributeDefinition, AttributeType, ValidationIssue } from '@user-engine/store-protocol'
import { compileValueCheck } from './validate-value.ts'

type Constraints = AttributeDefinition['constraints']
type ConstraintName = keyof Constraints

/** Which constraints have a meaning for which type. For a list of texts the text constraints hold for each item. */
const CONSTRAINTS_OF_TYPE: { readonly [Type in AttributeType]: readonly ConstraintName[] } = {
  string: ['minLength', 'maxLength', 'format', 'oneOf'],
  number: ['minimum', 'maximum', 'oneOf'],
  integer: ['minimum', 'maximum', 'oneOf'],
  boolean: [],
  instant: [],
  'string-list': ['minLength', 'maxLength', 'format', 'oneOf', 'maxItems'],
  json: [],
}

/**
 * Finds what keeps a set of definitions from being published: a key that occurs twice, a constraint that does not
 * belong to its type or contradicts another one, a default that does not fit its own attribute. The paths lead into
 * the catalog: `attributes[2].default`.
 */
export function checkDefinitions(attributes: readonly AttributeDefinition[]): ValidationIssue[] {
  if (attributes.length === 0) return [{ path: 'attributes', expected: 'at least 1 attribute' }]
  const seen = new Set<string>()
  return attributes.flatMap((definition, index) => {
    const path = `attributes[${index}]`
    const issues: ValidationIssue[] = []
    if (seen.has(definition.key)) {
      issues.push({ path: `${path}.key`, expected: 'a key that no other attribute of the catalog has' })
    }
    seen.add(definition.key)
    issues.push(...checkConstraints(definition, `${path}.constraints`))
    // What a default must fit is only known once the constraints make sense.
    if (issues.length === 0) issues.push(...checkDefault(definition, path))
    return issues
  })
}

function checkConstraints({ type, constraints }: AttributeDefinition, path: string): ValidationIssue[] {
  const issues: ValidationIssue[] = []
  for (const name of namesOf(constraints)) {
    if (!CONSTRAINTS_OF_TYPE[type].includes(name)) {
      issues.push({ path: `${path}.${name}`, expected: `absent for the type ${type}` })
    }
  }
  const { minLength, maxLength, minimum, maximum, oneOf } = constraints
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength) {
    issues.push({ path: `${path}.maxLength`, expected: 'at least minLength' })
  }
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    issues.push({ path: `${path}.maximum`, expected: 'at least minimum' })
  }
  if (issues.length === 0 && oneOf !== undefined) issues.push(...checkListed({ type, constraints }, path))
  return issues
}

// A listed value that the other constraints refuse could never be set: whoever wrote it meant something else.
function checkListed(
  { type, constraints }: Pick<AttributeDefinition, 'type' | 'constraints'>,
  path: string,
): ValidationIssue[] {
  const { oneOf = [], maxItems: _perList, ...rest } = constraints
  const itemType = type === 'string-list' ? 'string' : type
  const check = compileValueCheck({ ...ANY_ATTRIBUTE, type: itemType, constraints: rest })
  return oneOf.flatMap((listed, index) => {
    const itemPath = `${path}.oneOf[${index}]`
    if (oneOf.indexOf(listed) !== index) return [{ path: itemPath, expected: 'a value that is listed once' }]
    return check(listed).map(({ expected }) => ({ path: itemPath, expected }))
  })
}

function checkDefault(definition: AttributeDefinition, path: string): ValidationIssue[] {
  // Absent is no default; null is one, and fits where null may be set [VAL-03].
  if (definition.default === undefined) return []
  return compileValueCheck(definition)(definition.default).map((issue) => ({
    path: `${path}.default${issue.path.slice('value'.length)}`,
    expected: issue.expected,
  }))
}

function namesOf(constraints: Constraints): ConstraintName[] {
  return (Object.keys(constraints) as ConstraintName[]).filter((name) => constraints[name] !== undefined)
}

const ANY_ATTRIBUTE = {
  key: 'any',
  description: null,
  required: true,
  classification: 'public',
  viewers: [],
  editors: [],
  levels: ['global'],
} satisfies Partial<AttributeDefinition>
