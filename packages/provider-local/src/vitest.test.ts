import { afterEach, expect, inject, test, vi } from 'vitest'
import type { TestProject } from 'vitest/node'
import type { ServerHandle } from './local-provider.ts'
import setup, { testMajor } from './vitest.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('takes the given server, says so in one line without a secret, and provides it', async () => {
  const { admin } = inject('postgresServer')
  const { host, port, user, password, database } = admin
  vi.stubEnv('USER_ENGINE_TEST_BACKEND', '')
  vi.stubEnv(
    'USER_ENGINE_DATABASE_URL',
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
  )
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const provided: ServerHandle[] = []
  const provide = (_key: 'postgresServer', handle: ServerHandle) => provided.push(handle)
  const stop = await setup({ provide } as Pick<TestProject, 'provide'> as TestProject)
  await stop()
  expect(write.mock.calls.map(([line]) => line)).toEqual([
    expect.stringMatching(/^tests run on given Postgres [\d.]+ on .+:\d+\n$/),
  ])
  expect(provided.map((handle) => handle.admin)).toEqual([admin])
})

test('refuses a kind of backend that there is not', async () => {
  vi.stubEnv('USER_ENGINE_TEST_BACKEND', 'sqlite')
  const provide = () => expect.fail('nothing is provided')
  await expect(setup({ provide } as Pick<TestProject, 'provide'> as TestProject)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: 'USER_ENGINE_TEST_BACKEND may be auto, url, container, embedded.',
  })
})

test('a major version that the run is for', () => {
  expect(testMajor({ USER_ENGINE_TEST_MAJOR: '16' })).toEqual({ major: 16 })
  expect(testMajor({ USER_ENGINE_TEST_MAJOR: '' })).toEqual({})
  expect(() => testMajor({ USER_ENGINE_TEST_MAJOR: '14' })).toThrow(
    'USER_ENGINE_TEST_MAJOR may be 15, 16, 17, 18.',
  )
})
