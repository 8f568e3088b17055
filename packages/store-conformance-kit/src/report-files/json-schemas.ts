import * as z from 'zod'
import { certificateSchema } from '../certificate/certificate.ts'
import { conformanceReportSchema } from './report-schema.ts'

/** A JSON Schema file that the package publishes in `schema/`. */
export interface SchemaFile {
  readonly file: string
  render(): string
}

/** Every JSON Schema that is published, as made from the zod schema that the code uses. */
export const SCHEMA_FILES: readonly SchemaFile[] = [
  { file: 'conformance-certificate.schema.json', render: () => renderSchema(certificateSchema) },
  { file: 'conformance-report.schema.json', render: () => renderSchema(conformanceReportSchema) },
]

function renderSchema(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`
}
