import { hash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { canReach, serverAccount } from '@user-engine/provider-local'

/** Where the domain lives and how the app is reached: what the command line says, with its defaults. */
export interface AppOptions {
  readonly store: 'postgres' | 'memory'
  /** A given server; `null` brings up an embedded one. */
  readonly databaseUrl: string | null
  readonly dataDir: string
  readonly host: string
  readonly port: number
  /** Where events go; without any they go to the log. */
  readonly webhookUrl: string | null
  readonly natsUrl: string | null
  /** From the environment, never from the command line, where every process sees it. */
  readonly webhookSecret: string | null
  /** Who signs tokens; `null` is development: the caller says who they are. */
  readonly jwks: { readonly url: string; readonly issuer: string; readonly audience: string } | null
  readonly logLevel: string
}

/**
 * The default folder: `.data` where the app was started. As root Postgres runs under another account; where that one
 * cannot enter the folder, the data goes to a place of the system that belongs to this folder.
 */
export function defaultDataDir(startedIn: string = process.cwd()): string {
  const beside = resolve(startedIn, '.data')
  const account = serverAccount(join(beside, 'postgres'))
  if (canReach(account, join(beside, 'postgres', 'pgdata'))) return beside
  const name = hash('sha256', startedIn, 'hex').slice(0, 12)
  return join('/var/lib/user-engine', name)
}
