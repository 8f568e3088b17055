import { expect, test } from 'vitest'
import { planBatch, type QueuedCall, withoutRun } from './batch-plan.ts'
import { defineStatement } from './connection/statement.ts'

type Entity = 'user' | 'account' | 'audit-record'

const statements = (entity: Entity) => ({
  one: defineStatement(`insert one ${entity}`),
  many: defineStatement(`insert many ${entity}`),
})
const ONE = {
  user: statements('user'),
  account: statements('account'),
  'audit-record': statements('audit-record'),
}

function insert(entity: Entity, id: string, parent: string | null = null, level = 0): QueuedCall {
  return {
    ...{ statement: ONE[entity].one, values: [id, 'tenant'], level, waiting: null },
    subject: { entity, id },
    bulk: {
      many: ONE[entity].many,
      types: ['text'],
      parent: parent === null ? null : { entity: 'user', id: parent },
    },
  }
}

function read(level = 0): QueuedCall {
  return { statement: defineStatement('read'), values: [], level, subject: null, bulk: null, waiting: null }
}

const textsOf = (steps: ReturnType<typeof planBatch>) => steps.map(({ call }) => call.statement.text)
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => [
    insert('account', `a${n}`, `u${n}`),
    insert('user', `u${n}`),
  ]).flatMap((pair) => pair.reverse())

test('many inserts become one statement per kind, parents first, in a savepoint', () => {
  const calls = [insert('audit-record', 'r0'), ...people(6)]
  const steps = planBatch(calls)
  expect(textsOf(steps)).toEqual([
    'SAVEPOINT nested_run',
    'insert many user',
    'insert many account',
    'insert many audit-record',
    'RELEASE SAVEPOINT nested_run',
  ])
  expect(new Set(steps.flatMap((step) => step.calls))).toEqual(new Set(calls))
  expect(steps[1]?.call.values).toEqual([expect.any(Buffer), 'tenant'])
})

test.each([
  ['few inserts', people(4)],
  ['inserts that refer to a later one', [insert('account', 'x', 'u5'), ...people(6)]],
  [
    'what others are between',
    people(8).flatMap((call, index) => (index % 4 === 0 ? [read(), call] : [call])),
  ],
  ['inserts of nested levels', people(8).map((call, index) => ({ ...call, level: (index >> 2) % 2 }))],
])('%s are sent as they were asked for', (_, calls) => {
  expect(planBatch(calls).map(({ calls: [call] }) => call)).toEqual(calls)
})

test('no statement gets more than a thousand rows', () => {
  const calls = Array.from({ length: 2_500 }, (_, n) => insert('audit-record', `r${n}`))
  const [, ...inserts] = planBatch(calls)
  expect(inserts.slice(0, -1).map((step) => step.calls.length)).toEqual([1_000, 1_000, 500])
  expect(inserts.flatMap((step) => step.calls)).toEqual(calls)
})

test('a run that is refused is undone and sent call by call, and what followed it follows it still', () => {
  const [first, second] = [people(6), people(7)]
  const steps = planBatch([...first, read(), ...second])
  const refresh = { statement: defineStatement('refresh'), values: [] }
  const instead = withoutRun(steps, 2, [refresh]) ?? []
  expect(textsOf(instead)).toEqual([
    'ROLLBACK TO SAVEPOINT nested_run',
    'RELEASE SAVEPOINT nested_run',
    'refresh',
    ...first.map(({ statement }) => statement.text),
    'read',
    ...textsOf(planBatch(second)),
  ])
  const ofRead = steps.findIndex(({ call }) => call.statement.text === 'read')
  expect(withoutRun(steps, ofRead, [])).toBeNull()
})
