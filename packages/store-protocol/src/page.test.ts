import { expect, test } from 'vitest'
import { isUserEngineError } from './errors/user-engine-error.ts'
import { decodeCursor, encodeCursor } from './page.ts'

test('a cursor gives its key back', () => {
  expect(decodeCursor('users', encodeCursor('users', ['b', 3]), ['string', 'number'])).toEqual(['b', 3])
})

test.each([
  ['of another list', encodeCursor('accounts', ['b'])],
  ['of another shape', encodeCursor('users', [1])],
  ['too long a key', encodeCursor('users', ['b', 'c'])],
  ['no base64', '%%%'],
  ['no JSON', Buffer.from('nope').toString('base64url')],
  ['JSON of something else', Buffer.from('{"a":1}').toString('base64url')],
])('a cursor %s is refused', (_, cursor) => {
  let thrown: unknown
  try {
    decodeCursor('users', cursor, ['string'])
  } catch (error) {
    thrown = error
  }
  expect(isUserEngineError(thrown, 'CURSOR_INVALID')).toBe(true)
})
