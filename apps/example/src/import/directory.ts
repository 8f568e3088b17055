// What SCIM users are kept as: a catalog of the platform, an application that reads it, and a binding in the tenant.
import type { CommandContext, UserEngineService } from '@user-engine/service'
import {
  type Application,
  type AttributeDefinition,
  type Catalog,
  isUserEngineError,
  type Page,
  type PageRequest,
} from '@user-engine/store-protocol'

const APPLICATION_KEY = 'directory'
const CATALOG_KEY = 'scim-user'

interface AttributeFacts {
  readonly key: string
  readonly description: string
  readonly type?: AttributeDefinition['type']
  readonly constraints?: AttributeDefinition['constraints']
  readonly default?: string
}

const ATTRIBUTES: readonly AttributeFacts[] = [
  { key: 'user-name', description: 'The name the person signs in with at their provider' },
  { key: 'given-name', description: 'First name' },
  { key: 'family-name', description: 'Last name' },
  { key: 'nick-name', description: 'What the person is called' },
  { key: 'title', description: 'Job title' },
  { key: 'user-type', description: 'How the person relates to the organisation', default: 'employee' },
  {
    key: 'preferred-language',
    description: 'Preferred language of correspondence',
    constraints: { format: 'locale' },
  },
  { key: 'locale', description: 'How numbers and dates are shown', constraints: { format: 'locale' } },
  { key: 'time-zone', description: 'Where the person’s day is', constraints: { format: 'time-zone' } },
  { key: 'profile-url', description: 'A page about the person', constraints: { format: 'uri' } },
  { key: 'email', description: 'The primary e-mail address', constraints: { format: 'email' } },
  { key: 'emails', description: 'All e-mail addresses', type: 'string-list' },
  { key: 'phone-numbers', description: 'All telephone numbers', type: 'string-list' },
]

function definitionOf({
  key,
  description,
  type = 'string',
  constraints = {},
  ...rest
}: AttributeFacts): AttributeDefinition {
  return {
    key,
    type,
    description,
    constraints,
    required: key === 'user-name',
    classification: 'personal',
    ...(rest.default === undefined ? {} : { default: rest.default }),
    viewers: ['self', 'application', 'tenant-administrator'],
    editors: ['tenant-administrator'],
    levels: ['global', 'tenant', 'application'],
  }
}

/** Makes sure that a tenant can take SCIM users; safe to repeat and to run twice at once. */
export async function ensureDirectory(
  engine: UserEngineService,
  context: CommandContext,
): Promise<{ readonly applicationId: string }> {
  const platform: CommandContext = {
    ...context,
    scope: { platform: true, reason: 'register the directory application' },
  }
  const { id: applicationId } = await ensureOnce(
    () =>
      findIn<Application>(
        (page) => engine.applications.list(platform, { page }),
        ({ key }) => key === APPLICATION_KEY,
      ),
    () => engine.applications.register(platform, { key: APPLICATION_KEY, name: 'Directory' }),
  )
  const catalog = await ensurePublished(engine, platform)
  await ensureOnce(
    () =>
      findIn(
        (page) => engine.applicationBindings.list(context, { page }),
        (binding) => binding.applicationId === applicationId,
      ),
    () => engine.applicationBindings.bind(context, { applicationId, catalogId: catalog.id }),
  )
  return { applicationId }
}

async function ensurePublished(engine: UserEngineService, platform: CommandContext): Promise<Catalog> {
  const family = { applicationId: null, key: CATALOG_KEY }
  const catalog = await ensureOnce(
    async () => (await engine.catalogs.listVersions(platform, family)).items[0],
    () =>
      engine.catalogs.draft(platform, {
        ...family,
        catalogVersion: 1,
        attributes: ATTRIBUTES.map(definitionOf),
      }),
  )
  if (catalog.status === 'published') return catalog
  return await engine.catalogs.publish(platform, { id: catalog.id, expectedVersion: catalog.version })
}

/** Finds something or makes it; whoever loses a race to make it finds what the winner made. */
async function ensureOnce<Thing>(
  find: () => Promise<Thing | undefined>,
  make: () => Promise<Thing>,
): Promise<Thing> {
  const there = await find()
  if (there !== undefined) return there
  try {
    return await make()
  } catch (error) {
    if (!isUserEngineError(error, 'DUPLICATE_KEY')) throw error
    const others = await find()
    if (others === undefined) throw error
    return others
  }
}

async function findIn<Item>(
  list: (page: PageRequest) => Promise<Page<Item>>,
  matches: (item: Item) => boolean,
): Promise<Item | undefined> {
  for (let page: PageRequest = { limit: 500 }; ; ) {
    const { items, nextCursor } = await list(page)
    const match = items.find(matches)
    if (match !== undefined || nextCursor === null) return match
    page = { limit: 500, cursor: nextCursor }
  }
}
