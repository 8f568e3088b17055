import type * as z from 'zod'
import { compiledSchema } from './compiled-schema.ts'
import type { ValidationIssue } from './errors/error-codes.ts'
import { UserEngineError } from './errors/user-engine-error.ts'
import { formatPath } from './values/json-value.ts'

/**
 * Checks an input against a schema before anything is sent, and returns it.
 * @throws UserEngineError `VALIDATION` with every path that is wrong and no value [VAL-02, DIA-02].
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = compiledSchema(schema).safeParse(input)
  if (!parsed.success) throw new UserEngineError('VALIDATION', { issues: formatIssues(parsed.error) })
  return parsed.data
}

/** Turns a zod error into issues that name paths and expectations, never values. */
export function formatIssues(error: z.ZodError): ValidationIssue[] {
  return error.issues.map((issue) => {
    const outer = formatPath(issue.path)
    const inner = issue.code === 'custom' ? issue.params?.jsonPath : undefined
    const isNested = typeof inner === 'string' && inner !== ''
    const separator = isNested && outer !== '' && !inner.startsWith('[') ? '.' : ''
    return { path: isNested ? `${outer}${separator}${inner}` : outer, expected: describe(issue) }
  })
}

// Texts of our own: zod's default messages may quote a received key or value.
function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a value of type ${issue.expected}`
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
      return 'no unknown fields'
    case 'invalid_union':
      return 'a value of one of the allowed shapes'
    case 'invalid_format':
      return issue.message
    case 'custom':
      return issue.message
    default:
      return 'a valid value'
  }
}
