import { expect, test } from 'vitest'
import { ERROR_CODES, type ErrorCode } from './error-codes.ts'
import { isUserEngineError, UserEngineError } from './user-engine-error.ts'

const error = new UserEngineError('NOT_FOUND', { entity: 'user', id: 'x' }, { cause: new Error('canary') })

test('the brand is recognised without the class, as from a second copy of the package', () => {
  const foreign = Object.assign(new Error('x'), {
    code: 'NOT_FOUND',
    [Symbol.for('user-engine.error')]: true,
  })
  expect(isUserEngineError(foreign)).toBe(true)
  expect(isUserEngineError(foreign, 'NOT_FOUND')).toBe(true)
  expect(isUserEngineError(foreign, 'VERSION_CONFLICT')).toBe(false)
  expect(isUserEngineError(Object.assign(new Error('x'), { code: 'NOT_FOUND' }))).toBe(false)
  expect(isUserEngineError(null)).toBe(false)
})

test('serialised it holds everything to act on and not the cause [DIA-02]', () => {
  const json = JSON.stringify(error)
  expect(JSON.parse(json)).toEqual({
    code: 'NOT_FOUND',
    message: ERROR_CODES.NOT_FOUND.meaning,
    retryable: false,
    remedy: ERROR_CODES.NOT_FOUND.remedy,
    data: { entity: 'user', id: 'x' },
  })
  expect(Object.keys(error)).not.toContain('cause')
})

test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s has a meaning and a remedy', (code) => {
  const { meaning, remedy } = ERROR_CODES[code]
  expect(meaning).toMatch(/^[A-Z].*\.$/)
  expect(remedy).toMatch(/^[A-Z].*\.$/)
})
