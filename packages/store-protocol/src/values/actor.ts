import * as z from 'zod'
import { textSchema } from './text.ts'

export const ACTOR_TYPES = ['user', 'account', 'application', 'service', 'system'] as const

/** Who did something, as the authentication in front of this engine names them. */
export const actorSchema = z.strictObject({
  type: z.enum(ACTOR_TYPES),
  id: textSchema({ min: 1, max: 256 }),
})

export type Actor = Readonly<z.infer<typeof actorSchema>>
