// Applications change rarely and are no hot path: Prisma's model calls, inside the store's own transaction.
import {
  type Application,
  type ApplicationChanges,
  type ApplicationReader,
  type ApplicationWriter,
  applicationChangesSchema,
  applicationSchema,
  type Id,
  idSchema,
  type Key,
  keySchema,
  type Page,
  type PageRequest,
  type VersionedUpdate,
  validate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import type { ApplicationModel } from './generated/models/Application.ts'
import type { Handle } from './handle.ts'
import { parseInsert } from './parse-insert.ts'
import { planModelPage } from './sql/model-page.ts'
import { changeOneVersion } from './sql/model-version.ts'

function toApplication(model: ApplicationModel): Application {
  return {
    id: model.id,
    key: model.key,
    name: model.name,
    status: model.status as Application['status'],
    version: model.version,
    createdAt: model.createdAt.toISOString(),
    updatedAt: model.updatedAt.toISOString(),
  }
}

const updateSchema = versionedUpdateSchema(applicationChangesSchema)

export function createApplications(handle: Handle): ApplicationReader & ApplicationWriter {
  return new PostgresApplications(handle)
}

class PostgresApplications implements ApplicationReader, ApplicationWriter {
  readonly #handle: Handle

  constructor(handle: Handle) {
    this.#handle = handle
  }

  get(id: Id): Promise<Application | null> {
    return this.#handle.queryModel(() => {
      const where = { id: validate(idSchema, id) }
      return async (prisma) => {
        const model = await prisma.application.findUnique({ where })
        return model === null ? null : toApplication(model)
      }
    })
  }

  findByKey(key: Key): Promise<Application | null> {
    return this.#handle.queryModel(() => {
      const where = { key: validate(keySchema, key) }
      return async (prisma) => {
        const model = await prisma.application.findUnique({ where })
        return model === null ? null : toApplication(model)
      }
    })
  }

  list(page?: PageRequest): Promise<Page<Application>> {
    return this.#handle.queryModel(() => {
      const { after, take, finish } = planModelPage({ list: 'applications', page })
      return async (prisma) => {
        const models = await prisma.application.findMany({
          where: { id: { gt: after } },
          orderBy: { id: 'asc' },
          take,
        })
        return finish(models.map(toApplication))
      }
    })
  }

  insert(application: Application): Promise<void> {
    return this.#handle.changeModel(() => {
      const data = parseInsert(applicationSchema, application)
      this.#handle.requirePlatform('application')
      return {
        subject: { entity: 'application', id: data.id },
        work: async (prisma) => {
          await prisma.application.create({ data })
        },
      }
    })
  }

  update(change: VersionedUpdate<ApplicationChanges>): Promise<void> {
    return this.#handle.changeModel(() => {
      const { id, expectedVersion, set, updatedAt } = validate(updateSchema, change)
      this.#handle.requirePlatform('application')
      const { name, status } = set
      const data = {
        ...(name === undefined ? {} : { name }),
        ...(status === undefined ? {} : { status }),
        updatedAt,
      }
      return {
        subject: { entity: 'application', id, expectedVersion },
        work: (prisma) =>
          changeOneVersion({
            ...{ entity: 'application', id, expectedVersion },
            findVersion: () => prisma.application.findUnique({ where: { id }, select: { version: true } }),
            change: (where, version) => prisma.application.updateMany({ where, data: { ...data, version } }),
          }),
      }
    })
  }
}
