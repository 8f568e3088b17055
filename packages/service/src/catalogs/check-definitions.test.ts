import type { AttributeDefinition } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { checkDefinitions } from './check-definitions.ts'

const one = (definition: Partial<AttributeDefinition>) => [defineAttribute({ key: 'a', ...definition })]

test.each<[string, AttributeDefinition[]]>([
  ['a default that fits', one({ default: 'ab', constraints: { maxLength: 2, oneOf: ['ab', 'b'] } })],
  ['null as the default of what is not required', one({ default: null })],
  ['constraints that meet in one value', one({ type: 'number', constraints: { minimum: 1, maximum: 1 } })],
  [
    'text constraints for the items of a list',
    one({ type: 'string-list', constraints: { maxItems: 0, oneOf: ['a'] } }),
  ],
  [
    'constraints that are spelled out as absent',
    one({ type: 'json', constraints: { minLength: undefined } }),
  ],
  ['two attributes', [...one({}), defineAttribute({ key: 'b' })]],
])('%s can be published', (_name, attributes) => {
  expect(checkDefinitions(attributes)).toEqual([])
})

test.each<[string, AttributeDefinition[], string[]]>([
  ['nothing', [], ['attributes']],
  ['a key that occurs twice', [...one({}), ...one({})], ['attributes[1].key']],
  [
    'a limit of another type',
    one({ type: 'boolean', constraints: { minLength: 1 } }),
    ['attributes[0].constraints.minLength'],
  ],
  [
    'lengths that contradict',
    one({ constraints: { minLength: 2, maxLength: 1 } }),
    ['attributes[0].constraints.maxLength'],
  ],
  [
    'bounds that contradict',
    one({ type: 'number', constraints: { minimum: 2, maximum: 1 } }),
    ['attributes[0].constraints.maximum'],
  ],
  [
    'a listed value of another type',
    one({ constraints: { oneOf: ['a', 1] } }),
    ['attributes[0].constraints.oneOf[1]'],
  ],
  [
    'a listed value that the bounds refuse',
    one({ type: 'integer', constraints: { minimum: 2, oneOf: [1, 2] } }),
    ['attributes[0].constraints.oneOf[0]'],
  ],
  [
    'a value that is listed twice',
    one({ constraints: { oneOf: ['a', 'a'] } }),
    ['attributes[0].constraints.oneOf[1]'],
  ],
  ['a default of another type', one({ default: 1 }), ['attributes[0].default']],
  [
    'a default that the constraints refuse',
    one({ type: 'string-list', default: ['a', 'bb'], constraints: { maxLength: 1 } }),
    ['attributes[0].default[1]'],
  ],
  [
    'null as the default of what is required',
    one({ required: true, default: null }),
    ['attributes[0].default'],
  ],
])('%s cannot be published', (_name, attributes, paths) => {
  expect(checkDefinitions(attributes).map(({ path }) => path)).toEqual(paths)
})

test('a default is not judged by constraints that make no sense', () => {
  const issues = checkDefinitions(one({ default: 'abc', constraints: { minLength: 9, maxLength: 1 } }))
  expect(issues.map(({ path }) => path)).toEqual(['attributes[0].constraints.maxLength'])
})
