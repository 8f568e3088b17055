import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { acceptCapability, readDescription, readLease } from './accept-capability.ts'

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const DESCRIPTION = {
  provider: { name: 'acme', version: '1' },
  database: 'users',
  schema: 'user_engine',
  roles: { owner: 'o', runtime: 'r', relay: 'l' },
  pooler: { mode: 'none', preparedStatements: true },
  maxConnections: { runtime: 2, relay: 1 },
  epoch: 'e1',
} as const
const LEASE = {
  ...{ leaseId: 'l1', host: 'db.example', port: 5432, database: 'users', user: 'u', password: 'canary' },
  tls: { mode: 'verify-full', ca: CA },
  ...{ expiresAt: '2026-01-31T09:30:00Z', drainMs: 5_000 },
} as const

function capability(changes: { readonly description?: unknown; readonly lease?: unknown } = {}) {
  const { description = DESCRIPTION, lease = LEASE } = changes
  return acceptCapability({ describe: async () => description, lease: async () => lease })
}

class Provider {
  readonly region = 'north'
  describe = async () => DESCRIPTION
  async lease() {
    return LEASE
  }
}

test('two functions are a capability, however they came together; what they say more is left out', async () => {
  const given = new Provider()
  expect(acceptCapability(given)).toBe(given)
  expect(await readDescription(capability({ description: { ...DESCRIPTION, more: 1 } }))).toEqual(DESCRIPTION)
  const lease = { ...LEASE, password: async () => 'canary', expiresAt: null, tls: { mode: 'disable' } }
  expect(await readLease(capability({ lease }), 'runtime')).toEqual(lease)
  expect(Object.isFrozen((await readDescription(capability())).roles)).toBe(true)
})

class Pool extends EventEmitter {
  query() {}
  connect() {}
}

test.each([
  ['a pool', new Pool()],
  [
    'a pool with our functions added',
    Object.assign(new Pool(), new Provider(), { lease: async () => LEASE }),
  ],
  ['a connection string', 'postgres://u:canary@localhost/users'],
  ['nothing', undefined],
])('%s is refused with what to hand over instead', (_, candidate) => {
  expect(() => acceptCapability(candidate)).toThrow(
    /capability must be an object with describe\(\) and lease\(role\), not a pool.*hand over host, port/,
  )
})

test('a driver object in a pocket is found', () => {
  const given = Object.assign(new Provider(), { options: { pool: new Pool() } })
  expect(() => acceptCapability(given)).toThrow(
    /capability\.options\.pool must be plain data, not an object of a class/,
  )
})

test.each([
  ['a pool', { ...DESCRIPTION, pool: new Pool() }, 'describe().pool'],
  [
    'a socket in a list',
    { ...DESCRIPTION, roles: { ...DESCRIPTION.roles, more: [new Socket()] } },
    'describe().roles.more[0]',
  ],
  ['a function', { ...DESCRIPTION, query: () => {} }, 'describe().query'],
  [
    'one connection for the runtime',
    { ...DESCRIPTION, maxConnections: { runtime: 1, relay: 1 } },
    'describe().maxConnections.runtime',
  ],
  ['no epoch', { ...DESCRIPTION, epoch: '' }, 'describe().epoch'],
  ['nothing', null, 'describe()'],
])('a description with %s is refused', async (_, description, path) => {
  await expect(readDescription(capability({ description }))).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path }] },
  })
})

const cyclic: Record<string, unknown> = { ...LEASE }
cyclic.self = cyclic

test.each([
  ['a client', { ...LEASE, client: new Pool() }, "lease('relay').client"],
  ['itself', cyclic, "lease('relay').self.self"],
  ['no password', { ...LEASE, password: '' }, "lease('relay').password"],
  ['a port as text', { ...LEASE, port: '5432' }, "lease('relay').port"],
  ['TLS that verifies nothing', { ...LEASE, tls: { mode: 'require' } }, "lease('relay').tls.mode"],
  [
    'a file name for the authority',
    { ...LEASE, tls: { mode: 'verify-full', ca: '/ca.crt' } },
    "lease('relay').tls.ca",
  ],
  ['an end that is no instant', { ...LEASE, expiresAt: 'soon' }, "lease('relay').expiresAt"],
])('a lease with %s is refused, and no value of it is repeated', async (_, lease, path) => {
  const error = await readLease(capability({ lease }), 'relay').catch((reason: unknown) => reason)
  expect(error).toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: expect.stringContaining(path) }] },
  })
  expect(JSON.stringify(error)).not.toContain('canary')
})
