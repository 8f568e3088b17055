import {
  type Account,
  type AccountChanges,
  type AccountReader,
  type AccountWriter,
  accountChangesSchema,
  accountSchema,
  type Id,
  type Page,
  type PageRequest,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import {
  acceptId,
  acceptRequest,
  createAccept,
  createAcceptNew,
  nextVersion,
  requireReference,
  requireVersion,
} from './accept.ts'
import { compareAscii } from './ordered-map.ts'
import { readPage } from './read-page.ts'
import type { Range } from './record-index.ts'
import type { Session } from './session.ts'
import { ACCOUNTS, TENANT_ACCOUNTS } from './tables.ts'
import type { RecordWalk } from './view.ts'
import { visibleAccount, visibleUser } from './visibility.ts'
import { mergeWalks } from './walk.ts'

const acceptNew = createAcceptNew(accountSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(accountChangesSchema))

export function createAccounts(session: Session): AccountReader & AccountWriter {
  return new Accounts(session)
}

/** The accounts of one user that the scope sees, by id ascending. */
export function walkAccounts(session: Session, range: Range): RecordWalk<Account> {
  const { platform, tenant, sight } = session
  if (tenant === null) return sight.records.walk(platform.accounts, ACCOUNTS.byUser, range)
  const present = { table: tenant.tenantAccounts, index: TENANT_ACCOUNTS.accountsByUser, range }
  return mergeWalks({
    under: sight.records.walkReferred(platform.accounts, present),
    over: sight.walkAdded(platform.accounts, ACCOUNTS.byUser, range),
    compare: compareAscii,
  })
}

class Accounts implements AccountReader, AccountWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<Account | null> {
    return this.#session.answer(() => visibleAccount(this.#session, acceptId(id)))
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<Account>> {
    return this.#session.answer(() => {
      const { userId, page } = acceptRequest(request)
      acceptId(userId, 'userId')
      return readPage(`accounts:${userId}`, page, (start) =>
        walkAccounts(this.#session, { group: userId, start }),
      )
    })
  }

  insert(input: Account): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const account = Object.freeze(acceptNew(input))
      requireReference(visibleUser(this.#session, account.userId) !== null, 'user', account.userId)
      overlay.insert(platform.accounts, account)
    })
  }

  update(input: VersionedUpdate<AccountChanges>): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const current = visibleAccount(this.#session, change.id)
      const account = requireVersion({ entity: 'account', current, change })
      overlay.replace(platform.accounts, nextVersion(account, change))
    })
  }
}
