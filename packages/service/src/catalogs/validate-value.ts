import {
  type AttributeDefinition,
  instantSchema,
  type JsonValue,
  type STRING_FORMATS,
  type ValidationIssue,
} from '@user-engine/store-protocol'
import * as z from 'zod'

/** Finds what is wrong with a value; the issues name paths below `value` and expectations, never the value [VAL-02]. */
export type ValueCheck = (value: JsonValue) => readonly ValidationIssue[]

type Constraints = AttributeDefinition['constraints']
type Check = (value: JsonValue, path: string) => readonly ValidationIssue[]
type StringFormat = (typeof STRING_FORMATS)[number]

const FITS: readonly ValidationIssue[] = []

/**
 * Makes the check of one attribute: its type, its constraints, its format, its list of allowed values. `null` fits an
 * attribute that is not required, whatever its type; what the text limits count are UTF-16 code units.
 */
export function compileValueCheck(definition: AttributeDefinition): ValueCheck {
  const check = checkOfType(definition)
  return (value) => {
    if (value !== null) return check(value, 'value')
    return definition.required ? [{ path: 'value', expected: 'a value other than null' }] : FITS
  }
}

function checkOfType({ type, constraints }: AttributeDefinition): Check {
  switch (type) {
    case 'string':
      return checkString(constraints)
    case 'number':
      return checkNumber(constraints, { isInteger: false })
    case 'integer':
      return checkNumber(constraints, { isInteger: true })
    case 'boolean':
      return (value, path) => (typeof value === 'boolean' ? FITS : [{ path, expected: 'true or false' }])
    case 'instant':
      return (value, path) =>
        instantSchema.safeParse(value).success
          ? FITS
          : [{ path, expected: 'an instant such as 2026-01-31T09:30:00.000Z' }]
    case 'string-list':
      return checkStringList(constraints)
    case 'json':
      return () => FITS
  }
}

function checkString({ minLength, maxLength, format, oneOf }: Constraints): Check {
  const allowed = oneOf === undefined ? undefined : new Set<JsonValue>(oneOf)
  return (value, path) => {
    if (typeof value !== 'string') return [{ path, expected: 'a text' }]
    const issues: ValidationIssue[] = []
    if (minLength !== undefined && value.length < minLength) {
      issues.push({ path, expected: `at least ${minLength} characters` })
    }
    if (maxLength !== undefined && value.length > maxLength) {
      issues.push({ path, expected: `at most ${maxLength} characters` })
    }
    if (format !== undefined && !FORMATS[format].fits(value)) {
      issues.push({ path, expected: FORMATS[format].expected })
    }
    if (allowed !== undefined && !allowed.has(value)) issues.push(notListed(path))
    return issues
  }
}

function checkNumber(
  { minimum, maximum, oneOf }: Constraints,
  { isInteger }: { readonly isInteger: boolean },
): Check {
  const allowed = oneOf === undefined ? undefined : new Set<JsonValue>(oneOf)
  return (value, path) => {
    if (typeof value !== 'number') return [{ path, expected: isInteger ? 'an integer' : 'a number' }]
    const issues: ValidationIssue[] = []
    // Beyond 2^53 a JSON number no longer says which integer is meant [VAL-01].
    if (isInteger && !Number.isSafeInteger(value)) issues.push({ path, expected: 'an integer up to 2^53-1' })
    if (minimum !== undefined && value < minimum) issues.push({ path, expected: `at least ${minimum}` })
    if (maximum !== undefined && value > maximum) issues.push({ path, expected: `at most ${maximum}` })
    if (allowed !== undefined && !allowed.has(value)) issues.push(notListed(path))
    return issues
  }
}

function checkStringList(constraints: Constraints): Check {
  const { maxItems } = constraints
  const checkItem = checkString(constraints)
  return (value, path) => {
    if (!Array.isArray(value)) return [{ path, expected: 'a list of texts' }]
    const issues = value.flatMap((item: JsonValue, index) => checkItem(item, `${path}[${index}]`))
    if (maxItems !== undefined && value.length > maxItems) {
      issues.unshift({ path, expected: `at most ${maxItems} items` })
    }
    return issues
  }
}

// The listed values are not repeated: the catalog shows them, and a long list would drown the path.
function notListed(path: string): ValidationIssue {
  return { path, expected: 'one of the values the catalog lists' }
}

interface Format {
  readonly expected: string
  readonly fits: (text: string) => boolean
}

const FORMATS: { readonly [Name in StringFormat]: Format } = {
  email: { expected: 'an e-mail address', fits: matches(z.email()) },
  uri: { expected: 'an absolute URI', fits: matches(z.url()) },
  date: { expected: 'a date such as 2026-01-31', fits: matches(z.iso.date()) },
  uuid: { expected: 'a UUID', fits: matches(z.uuid()) },
  locale: { expected: 'a language tag such as de-CH', fits: isLocale },
  'time-zone': { expected: 'a time zone such as Europe/Berlin', fits: isTimeZone },
}

// A schema that would change the text, by trimming it for example, does not accept it as it is.
function matches(schema: z.ZodType<string>): (text: string) => boolean {
  return (text) => {
    const parsed = schema.safeParse(text)
    return parsed.success && parsed.data === text
  }
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
