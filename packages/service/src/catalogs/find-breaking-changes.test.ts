import type { AttributeDefinition } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { findBreakingChanges } from './find-breaking-changes.ts'

type Shape = Partial<AttributeDefinition>

const changes = (before: Shape, after: Shape) =>
  findBreakingChanges(
    [defineAttribute({ key: 'a', ...before })],
    [defineAttribute({ key: 'a', ...after })],
  ).map(({ kind }) => kind)

test.each<[string, Shape, Shape, string[]]>([
  ['another type', { constraints: { maxLength: 9 } }, { type: 'json' }, ['type-changed']],
  [
    'a greater least length',
    { constraints: { minLength: 1 } },
    { constraints: { minLength: 2 } },
    ['constraint-narrowed'],
  ],
  ['a least length where there was none', {}, { constraints: { minLength: 1 } }, ['constraint-narrowed']],
  [
    'a smaller greatest length',
    { constraints: { maxLength: 2 } },
    { constraints: { maxLength: 1 } },
    ['constraint-narrowed'],
  ],
  ['a greatest length where there was none', {}, { constraints: { maxLength: 9 } }, ['constraint-narrowed']],
  [
    'a greater minimum',
    { type: 'number', constraints: { minimum: -1 } },
    { type: 'number', constraints: { minimum: 0 } },
    ['constraint-narrowed'],
  ],
  [
    'a minimum where there was none',
    { type: 'number' },
    { type: 'number', constraints: { minimum: -9 } },
    ['constraint-narrowed'],
  ],
  [
    'a smaller maximum',
    { type: 'number', constraints: { maximum: 2 } },
    { type: 'number', constraints: { maximum: 1 } },
    ['constraint-narrowed'],
  ],
  [
    'fewer items',
    { type: 'string-list', constraints: { maxItems: 2 } },
    { type: 'string-list', constraints: { maxItems: 1 } },
    ['constraint-narrowed'],
  ],
  ['a format', {}, { constraints: { format: 'email' } }, ['constraint-narrowed']],
  [
    'another format',
    { constraints: { format: 'uri' } },
    { constraints: { format: 'email' } },
    ['constraint-narrowed'],
  ],
  ['a list of values', {}, { constraints: { oneOf: ['a'] } }, ['constraint-narrowed']],
  [
    'fewer listed values',
    { constraints: { oneOf: ['a', 'b'] } },
    { constraints: { oneOf: ['a', 'c'] } },
    ['constraint-narrowed'],
  ],
  ['required', {}, { required: true, default: 'x' }, ['became-required']],
  ['a level less', {}, { levels: ['global', 'tenant'] }, ['level-removed']],
  ['a viewer less', {}, { viewers: ['self'] }, ['viewer-removed']],
  ['an editor less', {}, { editors: [] }, ['editor-removed']],
  [
    'everything at once',
    {},
    { type: 'json', required: true, levels: ['global'], viewers: [], editors: [] },
    ['type-changed', 'became-required', 'level-removed', 'viewer-removed', 'editor-removed'],
  ],
])('%s breaks', (_name, before, after, kinds) => {
  expect(changes(before, after)).toEqual(kinds)
})

test.each<[string, Shape, Shape]>([
  ['nothing', { constraints: { minLength: 1 } }, { constraints: { minLength: 1 } }],
  ['a least length of nothing', {}, { constraints: { minLength: 0 } }],
  [
    'looser lengths',
    { constraints: { minLength: 2, maxLength: 3 } },
    { constraints: { minLength: 1, maxLength: 4 } },
  ],
  ['no constraints any more', { constraints: { minLength: 2, format: 'uri', oneOf: ['a'] } }, {}],
  [
    'more listed values, in another order',
    { constraints: { oneOf: ['a', 'b'] } },
    { constraints: { oneOf: ['c', 'b', 'a'] } },
  ],
  ['not required any more', { required: true }, {}],
  ['more viewers, editors and levels', { viewers: [], editors: ['self'], levels: ['global'] }, {}],
  [
    'another description, classification and default',
    {},
    { description: 'x', classification: 'sensitive', default: 'y' },
  ],
])('%s breaks nothing', (_name, before, after) => {
  expect(changes(before, after)).toEqual([])
})

test('a removed attribute breaks, a new one does not', () => {
  const before = [defineAttribute({ key: 'gone' }), defineAttribute({ key: 'kept' })]
  const after = [defineAttribute({ key: 'kept' }), defineAttribute({ key: 'new', required: true })]
  expect(findBreakingChanges(before, after)).toEqual([{ attribute: 'gone', kind: 'attribute-removed' }])
})
