import { bindApplication, createMember, type World } from './world.ts'

/** A member, a bound application, and what the values of a test have in common. */
export async function createProfile(world: World) {
  const { user } = await createMember(world)
  const { application, catalog, binding } = await bindApplication(world)
  const city = {
    userId: user.id,
    applicationId: application.id,
    audience: 'self',
    source: 'self-service',
    level: 'tenant',
    attributeKey: 'city',
  } as const
  const { source: _source, ...names } = city
  return { user, application, catalog, binding, city, names }
}
