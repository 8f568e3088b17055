import type { CommandContext, UserEngineService } from '@user-engine/service'
import { ensureDirectory } from '../import/directory.ts'

export const DEMO_TENANT = 'demo'

/** One user in one tenant to try things with; repeated at every start, made once. */
export async function ensureDemo(
  engine: UserEngineService,
): Promise<{ readonly tenantId: string; readonly userId: string; readonly applicationId: string }> {
  const actor = { type: 'system', id: 'example' } as const
  const context: CommandContext = { scope: { tenantId: DEMO_TENANT }, actor }
  const { applicationId } = await ensureDirectory(engine, context)
  const { userId } = await engine.provisionUser(context, {
    user: { kind: 'person', displayName: 'Ada Lovelace' },
    account: { kind: 'human', name: 'ada' },
    identity: { issuer: 'https://id.example', subject: 'ada' },
    memberships: [{ group: 'mathematicians', role: 'member' }],
    profile: {
      applicationId,
      source: 'example',
      audience: 'tenant-administrator',
      values: [
        { level: 'global', attributeKey: 'given-name', value: 'Ada' },
        { level: 'global', attributeKey: 'family-name', value: 'Lovelace' },
        { level: 'tenant', attributeKey: 'title', value: 'Analyst' },
        { level: 'application', attributeKey: 'title', value: 'First programmer' },
        { level: 'tenant', attributeKey: 'email', value: 'ada@example.org' },
      ],
    },
  })
  return { tenantId: DEMO_TENANT, userId, applicationId }
}
