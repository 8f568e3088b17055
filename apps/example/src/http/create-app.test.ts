import { ERROR_CODES } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { openMemoryApp } from '../testing/memory-app.ts'
import { STATUS_OF } from './problem.ts'

const USERS = '/v1/tenants/demo/users'

test('a change names the version it is based on: 428 without, 412 with a stale one, a new ETag with the right one', async () => {
  const { app, demo } = await openMemoryApp()
  const url = `${USERS}/${demo.userId}`
  const read = await app.inject({ url })
  expect(read.headers['etag']).toBe('"1"')

  const body = { displayName: 'Countess' }
  const blind = await app.inject({ method: 'PATCH', url, body })
  expect(blind.statusCode).toBe(428)
  expect(blind.json()).toMatchObject({
    code: 'PRECONDITION_REQUIRED',
    type: '/problems/precondition-required',
  })

  const changed = await app.inject({ method: 'PATCH', url, body, headers: { 'if-match': '"1"' } })
  expect(changed.statusCode).toBe(200)
  expect(changed.headers['etag']).toBe('"2"')
  expect(changed.json()).toMatchObject({ displayName: 'Countess', version: 2 })

  const stale = await app.inject({ method: 'PATCH', url, body, headers: { 'if-match': '"1"' } })
  expect(stale.statusCode).toBe(412)
  expect(stale.headers['etag']).toBe('"2"')
  expect(stale.json()).toMatchObject({ code: 'VERSION_CONFLICT', data: { currentVersion: 2 } })
})

test('a repeated request with one idempotency key is done once; with another body it is refused', async () => {
  const { app } = await openMemoryApp()
  const post = (displayName: string) =>
    app.inject({
      method: 'POST',
      url: '/v1/platform/users',
      headers: { 'idempotency-key': 'once', 'x-reason': 'test' },
      body: { kind: 'person', displayName },
    })
  const first = await post('Grace')
  expect(first.statusCode).toBe(201)
  const again = await post('Grace')
  expect(again.json()).toEqual(first.json())
  const other = await post('Edsger')
  expect(other.statusCode).toBe(422)
  expect(other.json()).toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })
  const users = await app.inject({ url: '/v1/platform/users', headers: { 'x-reason': 'test' } })
  expect(users.json().items.map((user: { displayName: string }) => user.displayName)).toEqual([
    'Ada Lovelace',
    'Grace',
  ])
})

test('problems are application/problem+json, name the path and never repeat the value', async () => {
  const { app, logged } = await openMemoryApp()
  const refused = await app.inject({
    method: 'POST',
    url: `${USERS}/provision`,
    body: { user: { kind: 'person', displayName: 'hunter2\u0000' } },
  })
  expect(refused.statusCode).toBe(400)
  expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(refused.json()).toMatchObject({ code: 'VALIDATION', status: 400, retryable: false })
  expect(refused.json().data.issues.map(({ path }: { path: string }) => path)).toContain('user.displayName')
  expect(refused.body + logged()).not.toContain('hunter2')

  const noJson = await app.inject({
    method: 'POST',
    url: '/v1/platform/users',
    headers: { 'content-type': 'application/json', 'x-reason': 'test' },
    body: '{"kind": hunter2',
  })
  expect(noJson.statusCode).toBe(400)
  expect(noJson.json()).toMatchObject({ code: 'VALIDATION' })
  expect(noJson.body + logged()).not.toContain('hunter2')
})

test('a platform call without a reason, a bad cursor, an unknown id and an unknown address are each said', async () => {
  const { app } = await openMemoryApp()
  const ask = async (url: string) => {
    const response = await app.inject({ url })
    return [response.statusCode, response.json().code]
  }
  expect(await ask('/v1/platform/users')).toEqual([400, 'SCOPE_INVALID'])
  expect(await ask(`${USERS}?cursor=nonsense`)).toEqual([400, 'CURSOR_INVALID'])
  expect(await ask(`${USERS}?limit=501`)).toEqual([400, 'VALIDATION'])
  expect(await ask(`${USERS}/01890a5d-ac96-774b-bcce-b302099a8057`)).toEqual([404, 'NOT_FOUND'])
  expect(await ask('/v1/nowhere')).toEqual([404, 'NOT_FOUND'])
})

test('pages follow each other by cursor until there is none', async () => {
  const { app, engine, demo } = await openMemoryApp()
  const context = { scope: { tenantId: demo.tenantId }, actor: { type: 'service', id: 'test' } } as const
  for (const subject of ['a', 'b', 'c', 'd']) {
    await engine.provisionUser(context, {
      user: { kind: 'person', displayName: subject },
      account: { kind: 'human', name: subject },
      identity: { issuer: 'test', subject },
      memberships: [],
    })
  }
  const names: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await app.inject({
      url: `${USERS}?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    })
    const page = response.json() as { items: { displayName: string }[]; nextCursor: string | null }
    expect(page.items.length).toBeLessThanOrEqual(2)
    names.push(...page.items.map(({ displayName }) => displayName))
    cursor = page.nextCursor
  }
  expect(names).toEqual(['Ada Lovelace', 'a', 'b', 'c', 'd'])
})

test('the effective profile says where each value came from', async () => {
  const { app, demo } = await openMemoryApp()
  const response = await app.inject({
    url: `${USERS}/${demo.userId}/profile?applicationId=${demo.applicationId}`,
  })
  const origins = Object.fromEntries(
    response
      .json()
      .attributes.map(({ key, value, origin }: Record<'key' | 'value' | 'origin', string>) => [
        key,
        `${value} (${origin})`,
      ]),
  )
  expect(origins).toMatchObject({
    'given-name': 'Ada (global)',
    email: 'ada@example.org (tenant)',
    title: 'First programmer (application)',
    'user-type': 'employee (default)',
  })
})

test('a denial is a 403, on record, and no event', async () => {
  const { app } = await openMemoryApp()
  const events = async () => (await app.inject({ url: '/v1/tenants/demo/outbox-events' })).json().items.length
  const before = await events()
  const denied = await app.inject({
    url: USERS,
    headers: { 'x-actor': 'user:eve', 'x-correlation-id': 'case-7' },
  })
  expect(denied.statusCode).toBe(403)
  expect(denied.json()).toMatchObject({ code: 'ACCESS_DENIED', data: { action: 'user.list' } })
  const records = await app.inject({ url: '/v1/tenants/demo/audit-records?outcome=denied&actor=user:eve' })
  expect(records.json().items).toMatchObject([
    { action: 'user.list', outcome: 'denied', correlationId: 'case-7' },
  ])
  expect(await events()).toBe(before)
})

test('livez answers, readyz gives the checks, and 503 once the store is closed', async () => {
  const { app, store } = await openMemoryApp()
  expect((await app.inject({ url: '/livez' })).json()).toEqual({ status: 'alive' })
  const ready = await app.inject({ url: '/readyz' })
  expect([ready.statusCode, ready.json().status]).toEqual([200, 'ready'])
  await store.close()
  const closed = await app.inject({ url: '/readyz' })
  expect([closed.statusCode, closed.json().status]).toEqual([503, 'not-ready'])
  expect((await app.inject({ url: '/livez' })).statusCode).toBe(200)
})

test('every problem type of the error family has a page, and a status', async () => {
  const { app } = await openMemoryApp()
  for (const [code, { meaning }] of Object.entries(ERROR_CODES)) {
    const response = await app.inject({ url: `/problems/${code.toLowerCase().replaceAll('_', '-')}` })
    expect(response.json()).toMatchObject({
      code,
      meaning,
      status: STATUS_OF[code as keyof typeof STATUS_OF],
    })
  }
  expect((await app.inject({ url: '/problems/constructor' })).statusCode).toBe(404)
})

test('the OpenAPI document describes every route, with its problems and its headers', async () => {
  const { app } = await openMemoryApp()
  const document = (await app.inject({ url: '/openapi.json' })).json()
  const operations = Object.entries<Record<string, { parameters?: { name: string }[]; responses: object }>>(
    document.paths,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  expect(operations.length).toBeGreaterThan(60)
  for (const { path, method, operation } of operations) {
    expect(Object.keys(operation.responses), `${method} ${path}`).toContain('default')
    const headers = (operation.parameters ?? []).map(({ name }) => name)
    if (path.startsWith('/v1/platform')) expect(headers, `${method} ${path}`).toContain('x-reason')
    if (method === 'patch' || method === 'delete') expect(headers, `${method} ${path}`).toContain('if-match')
  }
  expect((await app.inject({ url: '/docs/' })).statusCode).toBe(200)
})

test('requests are logged by route, never by what they carried', async () => {
  const { app, demo, logged } = await openMemoryApp()
  await app.inject({ url: `${USERS}/${demo.userId}?secret=hunter2` })
  await app.inject({
    method: 'POST',
    url: '/v1/tenants/demo/external-identities/resolve',
    body: { issuer: 'https://id.example', subject: 'hunter2' },
  })
  expect(logged()).toContain('"route":"/v1/tenants/:tenantId/users/:id"')
  expect(logged()).not.toContain('hunter2')
  expect(logged()).not.toContain(demo.userId)
})

test('the console is served with its script and style', async () => {
  const { app } = await openMemoryApp()
  for (const [url, type] of [
    ['/', 'text/html'],
    ['/console.js', 'text/javascript'],
    ['/console.css', 'text/css'],
  ] as const) {
    const response = await app.inject({ url })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toContain(type)
  }
})

test('every route without a body reaches its command', async () => {
  const { app } = await openMemoryApp()
  const { paths } = (await app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, { requestBody?: object }>>
  }
  const missing = '01890a5d-ac96-774b-bcce-b302099a8057'
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { requestBody }] of Object.entries(methods)) {
      if (requestBody !== undefined) continue
      const url = path
        .replace('{tenantId}', 'demo')
        .replace(/\{(group|key)\}/, 'some')
        .replace(/\{\w+\}/, missing)
      const query = path.endsWith('/profile') ? `?applicationId=${missing}` : ''
      const response = await app.inject({
        method: method as 'GET',
        url: `${url}${query}`,
        headers: { 'x-reason': 'test', 'if-match': '"1"' },
      })
      expect([200, 404], `${method} ${path}: ${response.body}`).toContain(response.statusCode)
    }
  }
})
