// Catalogs change rarely and are no hot path, for what is published never changes and may be kept by whoever reads it:
// Prisma's model calls, inside the store's own transaction.

import type { InputJsonValue } from '@prisma/client/runtime/client'
import {
  type AttributeDefinition,
  type BreakingChange,
  type Catalog,
  type CatalogChanges,
  type CatalogFamily,
  type CatalogReader,
  type CatalogWriter,
  catalogChangesSchema,
  catalogSchema,
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  type Id,
  idSchema,
  keySchema,
  type Page,
  type PageRequest,
  pageRequestSchema,
  UserEngineError,
  type VersionedUpdate,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import type { PrismaClient } from './generated/client.ts'
import type { CatalogModel } from './generated/models/Catalog.ts'
import type { Handle } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { planModelPage } from './sql/model-page.ts'
import { changeOneVersion } from './sql/model-version.ts'

function toCatalog(model: CatalogModel): Catalog {
  return {
    id: model.id,
    applicationId: model.applicationId,
    key: model.key,
    catalogVersion: model.catalogVersion,
    status: model.status as Catalog['status'],
    attributes: model.attributes as unknown as AttributeDefinition[],
    breakingChanges: model.breakingChanges as BreakingChange[],
    version: model.version,
    createdAt: model.createdAt.toISOString(),
    updatedAt: model.updatedAt.toISOString(),
  }
}

const familySchema = z.object({ applicationId: idSchema.nullable(), key: keySchema })
const versionRequestSchema = familySchema.extend({ catalogVersion: z.int().min(1) })
const updateSchema = versionedUpdateSchema(catalogChangesSchema)

export function createCatalogs(handle: Handle): CatalogReader & CatalogWriter {
  return new PostgresCatalogs(handle)
}

class PostgresCatalogs implements CatalogReader, CatalogWriter {
  readonly #handle: Handle

  constructor(handle: Handle) {
    this.#handle = handle
  }

  get(id: Id): Promise<Catalog | null> {
    return this.#handle.queryModel(() => {
      const where = { id: validate(idSchema, id) }
      return async (prisma) => {
        const model = await prisma.catalog.findUnique({ where })
        return model === null ? null : toCatalog(model)
      }
    })
  }

  findVersion(request: CatalogFamily & { readonly catalogVersion: number }): Promise<Catalog | null> {
    return this.#handle.queryModel(() => {
      const { applicationId, key, catalogVersion } = validate(versionRequestSchema, request)
      return async (prisma) => {
        const model = await prisma.catalog.findFirst({ where: { applicationId, key, catalogVersion } })
        return model === null ? null : toCatalog(model)
      }
    })
  }

  listVersions(request: CatalogFamily & { readonly page?: PageRequest }): Promise<Page<Catalog>> {
    return this.#handle.queryModel(() => {
      const { applicationId, key } = validate(familySchema, request)
      const { limit = DEFAULT_PAGE_LIMIT, cursor } = validate(pageRequestSchema, request.page ?? {})
      const list = `catalog-versions:${applicationId ?? ''}:${key}`
      const before = cursor === undefined ? {} : { lt: Number(decodeCursor(list, cursor, ['number'])[0]) }
      return async (prisma) => {
        const found = await prisma.catalog.findMany({
          where: { applicationId, key, catalogVersion: before },
          orderBy: { catalogVersion: 'desc' },
          take: limit + 1,
        })
        const items = found.slice(0, limit).map(toCatalog)
        const last = items.at(-1)
        const hasMore = found.length > limit && last !== undefined
        return { items, nextCursor: hasMore ? encodeCursor(list, [last.catalogVersion]) : null }
      }
    })
  }

  list(page?: PageRequest): Promise<Page<Catalog>> {
    return this.#handle.queryModel(() => {
      const { after, take, finish } = planModelPage({ list: 'catalogs', page })
      return async (prisma) => {
        const models = await prisma.catalog.findMany({
          where: { id: { gt: after } },
          orderBy: { id: 'asc' },
          take,
        })
        return finish(models.map(toCatalog))
      }
    })
  }

  insert(catalog: Catalog): Promise<void> {
    return this.#handle.changeModel(() => {
      const { attributes, breakingChanges, ...record } = parseInsert(catalogSchema, catalog)
      this.#handle.requirePlatform('catalog')
      const data = { ...record, attributes: asJson(attributes), breakingChanges: asJson(breakingChanges) }
      return {
        subject: { entity: 'catalog', id: record.id, references: { application: record.applicationId } },
        work: async (prisma) => {
          await prisma.catalog.create({ data, select: { id: true } })
        },
      }
    })
  }

  update(change: VersionedUpdate<CatalogChanges>): Promise<void> {
    return this.#handle.changeModel(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      this.#handle.requirePlatform('catalog')
      const { status, attributes, breakingChanges } = set
      const data = {
        updatedAt,
        ...(status === undefined ? {} : { status }),
        ...(attributes === undefined ? {} : { attributes: asJson(attributes) }),
        ...(breakingChanges === undefined ? {} : { breakingChanges: asJson(breakingChanges) }),
      }
      const isContent = attributes !== undefined || breakingChanges !== undefined
      return {
        subject: { entity: 'catalog', id, expectedVersion },
        work: async (prisma) => {
          if (isContent) await requireDraft(prisma, { id, expectedVersion })
          await changeOneVersion({
            ...{ entity: 'catalog', id, expectedVersion },
            findVersion: () => prisma.catalog.findUnique({ where: { id }, select: { version: true } }),
            change: (where, version) => prisma.catalog.updateMany({ where, data: { ...data, version } }),
          })
        },
      }
    })
  }
}

// A catalog that is found in the expected version cannot leave the draft state before the update that names the
// same version.
async function requireDraft(
  prisma: PrismaClient,
  { id, expectedVersion }: { readonly id: string; readonly expectedVersion: number },
): Promise<void> {
  const current = await prisma.catalog.findUnique({ where: { id }, select: { version: true, status: true } })
  if (current === null || current.version !== expectedVersion || current.status === 'draft') return
  throw new UserEngineError('INVALID_STATE', {
    entity: 'catalog',
    id,
    state: current.status,
    allowed: ['draft'],
  })
}

// Validated by the schema of catalogs: only plain JSON without undefined is in it.
function asJson(value: readonly object[]): InputJsonValue {
  return value as unknown as InputJsonValue
}
