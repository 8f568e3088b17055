import type { CommandContext } from '../commands/command-context.ts'
import type { UserEngineService } from '../user-engine-service.ts'

type Method = (context: CommandContext, input: object) => Promise<unknown>

/** The method of a service under a path such as `users.create`. */
export function methodOf(engine: UserEngineService, path: string): Method {
  const found: unknown = path.split('.').reduce((holder: object, name) => Reflect.get(holder, name), engine)
  return found as Method
}
