// An insert in two forms: of one record, and of many as one statement with an array for each column. Both are made
// from one description, so that they cannot come to mean different things.
import { defineStatement, type Statement } from '../connection/statement.ts'
import type { ColumnType } from './array-parameters.ts'
import type { SchemaName } from './schema-name.ts'

/** The statements of an insert; their parameters are the columns, as one value or one array each. */
export interface InsertStatements {
  readonly one: Statement
  readonly many: Statement
  /** The types of the columns. */
  readonly types: readonly ColumnType[]
}

interface InsertInto {
  readonly schema: SchemaName
  readonly table: string
  /** The columns of a new record, in the order of the parameters. */
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Columns that are the same in every new record, as SQL. */
  readonly constants?: Readonly<Record<string, string>>
}

/** A record that a new one refers to, and that the scope must see. */
interface Parent {
  readonly entity: string
  /** Its table and alias, for example `users u`. */
  readonly from: string
  /** Which columns of it have to equal which columns of the new record. */
  readonly where: Readonly<Record<string, string>>
  /** The column of the new record that names it in an error. */
  readonly named: string
  /** Whether a tenant sees it; a platform scope sees all. */
  readonly seenBy: (tenant: string) => string
}

/** The insert of a record that refers to nothing the scope must see. */
export function insertStatements(insert: InsertInto): InsertStatements {
  const { head, parameters, rows, select } = partsOf(insert)
  return {
    types: Object.values(insert.columns),
    one: defineStatement(`${head} VALUES (${select((column) => parameters[column])})`),
    // Records that are numbered get their numbers in the order they are given.
    many: defineStatement(`${head} SELECT ${select(ofRow)} FROM ${rows} ORDER BY r.place`),
  }
}

/**
 * The insert of a record with a parent, for each kind of scope; that of a tenant takes the tenant after the columns. A
 * record whose parent is not there, or not seen, is refused (UE404). Of many records the refusal does not say which.
 */
export function insertStatementsUnder(parent: Parent, insert: InsertInto) {
  const { head, parameters, rows, select } = partsOf(insert)
  const tenant = `$${Object.keys(insert.columns).length + 1}`
  const [, alias] = parent.from.split(' ')
  const refusal = (id: string) => `${insert.schema}.refuse_reference('${parent.entity}', ${id})`
  const statements = (seen: string): InsertStatements => {
    const found = (value: (column: string) => string) => {
      const matches = Object.entries(parent.where).map(
        ([column, own]) => `${alias}.${column} = ${value(own)}`,
      )
      return `FROM ${insert.schema}.${parent.from} WHERE ${[...matches, seen].join(' AND ')}`
    }
    const ofParameter = (column: string) => parameters[column] ?? ''
    return {
      types: Object.values(insert.columns),
      one: defineStatement(`
        WITH inserted AS (${head} SELECT ${select(ofParameter)} ${found(ofParameter)} RETURNING 1)
        SELECT CASE WHEN count(*) = 0 THEN ${refusal(ofParameter(parent.named))} END FROM inserted`),
      // LIMIT keeps the planner from hashing the whole table of the parents.
      many: defineStatement(`
        WITH inserted AS (
          ${head} SELECT ${select(ofRow)} FROM ${rows} CROSS JOIN LATERAL (SELECT 1 ${found(ofRow)} LIMIT 1) parent
          RETURNING 1)
        SELECT CASE WHEN count(*) < cardinality($1) THEN ${refusal('NULL')} END FROM inserted`),
    }
  }
  return { tenant: statements(parent.seenBy(tenant)), platform: statements('true') }
}

function ofRow(column: string): string {
  return `r.${column}`
}

function partsOf({ schema, table, columns, constants = {} }: InsertInto) {
  const names = Object.keys(columns)
  const parameters = Object.fromEntries(
    Object.entries(columns).map(([name, type], index) => [name, `$${index + 1}::${type}`]),
  )
  const arrays = Object.values(parameters).map((parameter) => `${parameter}[]`)
  return {
    parameters,
    head: `INSERT INTO ${schema}.${table} (${[...names, ...Object.keys(constants)].join(', ')})`,
    rows: `unnest(${arrays.join(', ')}) WITH ORDINALITY r (${names.join(', ')}, place)`,
    select: (value: (column: string) => string | undefined) =>
      [...names.map(value), ...Object.values(constants)].join(', '),
  }
}
