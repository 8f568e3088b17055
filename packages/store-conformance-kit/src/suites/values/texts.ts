import type { ConformanceCase } from '../../case.ts'
import { PLATFORM } from '../../records.ts'
import { LOOKALIKES } from './lookalikes.ts'

export const TEXT_CASES: readonly ConformanceCase[] = [
  {
    id: 'VAL-01.texts-are-kept',
    rules: ['VAL-01', 'IDN-04'],
    title: 'every text field is read back equal, up to its longest',
    async run({ open, check, make }) {
      const store = await open()
      const texts = [
        ...LOOKALIKES,
        '😀'.repeat(64),
        '\u0001\u001f',
        '\u{10ffff}',
        "%_\\' --",
        ' padded ',
        '\u202eabc',
      ]
      for (const text of texts) {
        const user = make.user({ displayName: text })
        const account = make.account(user.id, { name: text })
        const identity = make.identity(user.id, { issuer: text, subject: text })
        const application = make.application({ name: text })
        const audit = make.audit(null, {
          ...{ reason: text, correlationId: text, causationId: text, changedFields: [text.slice(0, 64)] },
          ...{
            actor: { type: 'user', id: text },
            target: { type: 'user', id: text },
            action: text.slice(0, 64),
          },
        })
        await store.transact(PLATFORM, async (tx) => {
          await tx.users.insert(user)
          await tx.accounts.insert(account)
          await tx.externalIdentities.insert(identity)
          await tx.applications.insert(application)
          await tx.audit.append(audit)
        })
        await store.read(PLATFORM, async (reader) => {
          const what = JSON.stringify(text).slice(0, 24)
          check.equal(await reader.users.get(user.id), user, `display name ${what}`)
          check.equal(await reader.accounts.get(account.id), account, `account name ${what}`)
          check.equal(
            await reader.externalIdentities.resolve(identity),
            { identity, user },
            `identity ${what}`,
          )
          check.equal(await reader.applications.get(application.id), application, `application name ${what}`)
          check.equal(await reader.audit.get(audit.id), audit, `audit record ${what}`)
        })
      }
      const longest = make.user({ displayName: '漢'.repeat(256) })
      const key = { issuer: '漢'.repeat(512), subject: '漢'.repeat(256) }
      const identity = make.identity(longest.id, key)
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(longest)
        await tx.externalIdentities.insert(identity)
      })
      const resolved = await store.read(PLATFORM, (reader) => reader.externalIdentities.resolve(key))
      check.equal(resolved, { identity, user: longest }, 'the longest texts')
    },
  },
]
