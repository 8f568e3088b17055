import {
  idSchema,
  PROFILE_LEVELS,
  type ProfileScope,
  type ProfileValue,
  type ProfileValueReader,
  type ProfileValueWriter,
  profileValueChangesSchema,
  profileValueSchema,
  validate,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { APPLICATIONS } from './applications.ts'
import type { SqlParameters } from './connection.ts'
import {
  assertNew,
  deleteDocument,
  findDocument,
  insertDocument,
  type Kind,
  recordOf,
  requireDocument,
  updateDocument,
} from './documents.ts'
import { readPage } from './pages.ts'
import type { Sync } from './sync-role.ts'
import { assertOwnTenant, assertTenantScope, inScope, PLATFORM, type Unit } from './unit.ts'
import { USERS } from './users.ts'
import { seesUser } from './visibility.ts'

export const PROFILE_VALUES: Kind<ProfileValue> = {
  entity: 'profile-value',
  table: 'profile_values',
  columns: ({ id, userId, scope, attributeKey }) => ({
    id,
    user_id: userId,
    ...columnsOf(scope),
    attribute_key: attributeKey,
  }),
  unique: [
    { key: 'id', columns: ['tenant_id', 'level', 'id'] },
    {
      key: 'userId,scope,attributeKey',
      columns: ['user_id', 'tenant_id', 'application_id', 'attribute_key', 'level'],
    },
  ],
  visible: (unit) =>
    `(level = 0 AND ${seesUser(unit, 'profile_values.user_id')} OR level > 0 AND tenant_id = :tenant)`,
}

const level = { level: z.enum(PROFILE_LEVELS) }
const updateSchema = versionedUpdateSchema(profileValueChangesSchema).extend(level)
const deleteSchema = versionedDeleteSchema.extend(level)
// Not strict: a whole value may stand where its key is asked for.
const keyOfValueSchema = profileValueSchema.pick({ userId: true, scope: true, attributeKey: true }).strip()

export function profileValueReader(unit: Unit): Sync<ProfileValueReader> {
  return {
    find(key) {
      const found = validate(keyOfValueSchema, key)
      const where = { user_id: found.userId, ...columnsOf(found.scope), attribute_key: found.attributeKey }
      return findDocument(unit, PROFILE_VALUES, where)
    },
    listByUser({ userId, applicationId, page }) {
      const user = validate(idSchema, userId)
      const application = applicationId === undefined ? PLATFORM : validate(idSchema, applicationId)
      return readPage(
        unit.connection,
        {
          name: `profile-values-by-user:${user}:${unit.tenantId === null ? PLATFORM : application}`,
          select: 'SELECT attribute_key, level, doc FROM profile_values',
          where: [
            'user_id = :user',
            PROFILE_VALUES.visible(unit),
            `application_id IN ('${PLATFORM}', :application)`,
          ],
          parameters: inScope(unit, { user, application }),
          order: [
            { column: 'attribute_key', type: 'string' },
            { column: 'level', type: 'number' },
          ],
        },
        page,
        (row: { readonly doc: string }) => recordOf<ProfileValue>(row) as ProfileValue,
      )
    },
  }
}

export function profileValueWriter(unit: Unit): Sync<ProfileValueWriter> {
  return {
    insert(value) {
      const record = validate(profileValueSchema, value)
      assertNew(record)
      const { scope } = record
      if (scope.level !== 'global') {
        assertTenantScope(unit, 'profile-value')
        assertOwnTenant(unit, scope.tenantId, 'profile-value')
      }
      requireDocument(unit, USERS, { id: record.userId })
      if (scope.level === 'application') requireDocument(unit, APPLICATIONS, { id: scope.applicationId })
      insertDocument(unit, PROFILE_VALUES, record)
    },
    update(change) {
      const request = validate(updateSchema, change)
      updateDocument(unit, PROFILE_VALUES, request, { where: whereLevel(unit, request.level) })
    },
    delete(removal) {
      const request = validate(deleteSchema, removal)
      deleteDocument(unit, PROFILE_VALUES, request, whereLevel(unit, request.level))
    },
  }
}

function whereLevel(unit: Unit, level: ProfileScope['level']): SqlParameters {
  if (level !== 'global') assertTenantScope(unit, 'profile-value')
  return { level: PROFILE_LEVELS.indexOf(level) }
}

function columnsOf(scope: ProfileScope): SqlParameters {
  return {
    level: PROFILE_LEVELS.indexOf(scope.level),
    tenant_id: scope.level === 'global' ? PLATFORM : scope.tenantId,
    application_id: scope.level === 'application' ? scope.applicationId : PLATFORM,
  }
}
