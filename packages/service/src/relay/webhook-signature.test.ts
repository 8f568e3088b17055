import { isUserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createWebhookSigner } from './webhook-signature.ts'

test('signs as the test vector of Standard Webhooks has it', () => {
  const sign = createWebhookSigner('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const content = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    body: '{"test": 2432232314}',
  }
  expect(sign(content)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  expect(sign({ ...content, body: '{"test": 2432232315}' })).not.toBe(sign(content))
})

test('several secrets sign one after the other, so that one can be replaced', () => {
  const secrets = [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
  ]
  const content = { id: 'msg_1', timestamp: '1614265330', body: '{}' }
  const each = secrets.map((secret) => createWebhookSigner(secret)(content))
  expect(createWebhookSigner(secrets)(content)).toBe(each.join(' '))
  expect(() => createWebhookSigner([])).toThrow(expect.objectContaining({ code: 'VALIDATION' }))
})

test.each([
  ['without its prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['not base64', 'whsec_canary canary canary canary canary'],
  ['too short', 'whsec_Y2FuYXJ5'],
  ['empty', 'whsec_'],
])('a secret that is %s is VALIDATION, and is not repeated [DIA-02]', (_name, secret) => {
  try {
    createWebhookSigner(secret)
    expect.unreachable()
  } catch (error) {
    expect(isUserEngineError(error, 'VALIDATION') && error.data.issues[0]?.path).toBe('secret')
    expect(JSON.stringify(error)).not.toContain(secret === 'whsec_' ? 'canary' : secret)
  }
})
