import { idSchema } from '@user-engine/store-protocol'
import type { InputOf } from './input-of.ts'
import { listInputSchema } from './page-input.ts'

/** The input of a list of what belongs to one user. */
export const userListInputSchema = listInputSchema.extend({ userId: idSchema })

export type UserListInput = InputOf<typeof userListInputSchema>
