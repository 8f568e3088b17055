import { createUserEngineService } from '@user-engine/service'
import { MultiBar, Presets } from 'cli-progress'
import { createExampleAuthorization } from '../authorization.ts'
import type { AppOptions } from '../options.ts'
import { readScimFile } from '../scim/read-scim-file.ts'
import { openBackend } from '../start/open-backend.ts'
import { ensureDirectory } from './directory.ts'
import { importUsers, type RecordOutcome } from './import-users.ts'

export interface ImportRequest {
  readonly file: string
  readonly tenantId: string
  /** Who vouches for the directory; one issuer per directory keeps their subjects apart. */
  readonly issuer: string
  readonly reactivates: boolean
}

/** Imports a file and tells how it went. Returns whether every record was taken. */
export async function runImport(
  { file, tenantId, issuer, reactivates }: ImportRequest,
  options: Pick<AppOptions, 'store' | 'databaseUrl' | 'dataDir'>,
): Promise<boolean> {
  const total = await countRecords(file)
  const backend = await openBackend(options)
  const progress = createProgress(total)
  const counts = { created: 0, updated: 0, unchanged: 0, refused: 0 }
  let firstUserId: string | null = null
  try {
    const engine = createUserEngineService({
      store: backend.store,
      authorization: createExampleAuthorization(),
    })
    const context = { scope: { tenantId }, actor: { type: 'service', id: 'scim-import' } } as const
    const { applicationId } = await ensureDirectory(engine, context)
    const onDone = (done: RecordOutcome) => {
      counts[done.outcome] += 1
      if (done.outcome === 'refused') progress.say(`record ${done.position} refused: ${done.reason}`)
      else firstUserId ??= done.userId
      progress.advance()
    }
    await importUsers({
      engine,
      context,
      applicationId,
      issuer,
      reactivates,
      records: readScimFile(file),
      onDone,
    })
    progress.stop()
    process.stdout.write(summary({ tenantId, counts, firstUserId, applicationId }))
    return counts.refused === 0
  } finally {
    progress.stop()
    await backend.close()
  }
}

async function countRecords(file: string): Promise<number> {
  let count = 0
  for await (const _record of readScimFile(file)) count += 1
  return count
}

interface Progress {
  advance(): void
  say(line: string): void
  stop(): void
}

function createProgress(total: number): Progress {
  if (!process.stderr.isTTY) return linesOfProgress(total)
  const bars = new MultiBar(
    {
      format: 'importing {bar} {value}/{total} users, {eta_formatted} left',
      clearOnComplete: false,
      hideCursor: true,
    },
    Presets.shades_classic,
  )
  const bar = bars.create(total, 0)
  return {
    advance: () => bar.increment(),
    say: (line) => bars.log(`${line}\n`),
    stop: () => bars.stop(),
  }
}

// Without a terminal a bar is noise: every tenth is told.
function linesOfProgress(total: number): Progress {
  let done = 0
  return {
    advance() {
      done += 1
      if (done === total || done % Math.max(1, Math.ceil(total / 10)) === 0)
        process.stderr.write(`imported ${done} of ${total} users\n`)
    },
    say: (line) => void process.stderr.write(`${line}\n`),
    stop: () => {},
  }
}

interface Summary {
  readonly tenantId: string
  readonly counts: {
    readonly created: number
    readonly updated: number
    readonly unchanged: number
    readonly refused: number
  }
  readonly firstUserId: string | null
  readonly applicationId: string
}

function summary({ tenantId, counts, firstUserId, applicationId }: Summary): string {
  const { created, updated, unchanged, refused } = counts
  const head = `${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused in tenant "${tenantId}"\n`
  if (firstUserId === null) return head
  const tenant = `http://127.0.0.1:8080/v1/tenants/${encodeURIComponent(tenantId)}`
  return `${head}
With the app running (npx --yes pnpm@12 start):

  # one user's effective profile, with where each value came from
  curl -s '${tenant}/users/${firstUserId}/profile?applicationId=${applicationId}'

  # the audit trail
  curl -s '${tenant}/audit-records?order=newest-first&limit=5'

  # the events that left as CloudEvents
  curl -s '${tenant}/outbox-events?state=delivered&limit=5'
`
}
