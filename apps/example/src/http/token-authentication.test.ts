import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMemoryApp } from '../testing/memory-app.ts'
import { tokenAuthentication } from './token-authentication.ts'

const ISSUER = 'https://idp.example'
const AUDIENCE = 'user-engine'

let keys: Awaited<ReturnType<typeof generateKeyPair>>
let jwksUrl: string
const server = createServer((_, response) => {
  void exportJWK(keys.publicKey).then((jwk) =>
    response.end(JSON.stringify({ keys: [{ ...jwk, alg: 'RS256', kid: 'one' }] })),
  )
})

beforeAll(async () => {
  keys = await generateKeyPair('RS256')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

function tokenFor(sub: string, claims: Record<string, string> = {}, audience = AUDIENCE): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setSubject(sub)
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setExpirationTime('5 minutes')
    .sign(keys.privateKey)
}

const openApp = () => openMemoryApp(tokenAuthentication({ url: jwksUrl, issuer: ISSUER, audience: AUDIENCE }))

test('a valid token says who calls', async () => {
  const { app } = await openApp()
  const ask = async (token: string) =>
    await app.inject({ url: '/v1/tenants/demo/users', headers: { authorization: `Bearer ${token}` } })
  expect((await ask(await tokenFor('crm', { actor_type: 'service' }))).statusCode).toBe(200)
  const asUser = await ask(await tokenFor('eve'))
  expect(asUser.statusCode).toBe(403)
})

test('without a token, with one for somebody else, and with a word for one the caller is unknown', async () => {
  const { app } = await openApp()
  for (const authorization of [
    undefined,
    'Bearer nonsense',
    `Bearer ${await tokenFor('crm', {}, 'another')}`,
    'Basic YTpi',
  ]) {
    const response = await app.inject({
      url: '/v1/tenants/demo/users',
      headers: { 'x-actor': 'service:developer', ...(authorization === undefined ? {} : { authorization }) },
    })
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer')
    expect(response.json()).toMatchObject({ code: 'UNAUTHENTICATED' })
  }
})
