import { idSchema, versionSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import type { InputOf } from './input-of.ts'

/** Names one record. */
export const recordInputSchema = z.strictObject({ id: idSchema })

export type RecordInput = InputOf<typeof recordInputSchema>

/** Names one record and the version the caller decided on [VER-02]. */
export const versionedInputSchema = z.strictObject({ id: idSchema, expectedVersion: versionSchema })

export type VersionedInput = InputOf<typeof versionedInputSchema>
