import type { Page, PageRequest } from '@user-engine/store-protocol'
import type { SqlParameters } from './connection.ts'
import { type Kind, recordOf } from './documents.ts'
import { type List, readPage } from './pages.ts'
import { inScope, type Unit } from './unit.ts'

const BY_ID: List['order'] = [{ column: 'id', type: 'string' }]

/** One page of the records that the scope sees; by id unless another order is stated [QRY-01, QRY-02]. */
export function listDocuments<Stored extends { readonly id: string }>(
  unit: Unit,
  kind: Kind<Stored>,
  list: {
    readonly name: string
    readonly where?: SqlParameters
    readonly order?: List['order']
    readonly descending?: boolean
  },
  page: PageRequest | undefined,
): Page<Stored> {
  const { name, where = {}, order = BY_ID, descending = false } = list
  const columns = order.map(({ column }) => column)
  return readPage(
    unit.connection,
    {
      name,
      select: `SELECT ${columns.join(', ')}, doc FROM ${kind.table}`,
      where: [...Object.keys(where).map((column) => `${column} = :${column}`), kind.visible(unit)],
      parameters: inScope(unit, where),
      order,
      descending,
    },
    page,
    (row: { readonly doc: string }) => recordOf<Stored>(row) as Stored,
  )
}
