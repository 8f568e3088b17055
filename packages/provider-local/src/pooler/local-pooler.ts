// A real PgBouncer before the server of a provider. It ends with the process that started it, whichever way that ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptsAdministrator } from '../administration.ts'
import type { AdminConnection } from '../backends/backend.ts'
import { giveTo, serverAccount, writeOwned } from '../backends/embedded/server-account.ts'
import { findFreePort } from '../backends/free-port.ts'
import type { LeaseTls, PostgresCapability } from '../capability.ts'
import type { LocalProvider } from '../local-provider.ts'
import { ProviderError } from '../provider-error.ts'
import { createCertificateAuthority } from '../tls/certificate-authority.ts'
import {
  type PoolerOptions,
  type PoolerTlsFiles,
  type PoolMode,
  renderPoolerSettings,
} from './pooler-settings.ts'

/** A PgBouncer before the server of a provider. */
export interface LocalPooler {
  readonly port: number
  /**
   * The same capability through the pooler, also for logins that are made later. It says that named statements do not
   * survive, because that takes PgBouncer 1.21.
   */
  through(capability: PostgresCapability): PostgresCapability
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 15_000
const ANSWER_TIMEOUT_MS = 2_000
const POLL_MS = 10

/** Why there is no pooler on this machine, as a sentence; `null` when there is one. */
export async function findMissingPooler(): Promise<string | null> {
  const child = spawn('pgbouncer', ['--version'], { stdio: 'ignore' })
  // `once` rejects when the program cannot be started.
  const isFound = await once(child, 'exit').then(
    ([code]) => code === 0,
    () => false,
  )
  return isFound
    ? null
    : 'pgbouncer is not on the PATH: install it, for example the Debian package of that name.'
}

/**
 * Starts a PgBouncer before the server of a provider, whose administrator must be a superuser. Where the server speaks
 * TLS, the pooler does as well, with an authority of its own.
 * @throws ProviderError `NOT_SUPPORTED` where there is no PgBouncer; `INVALID_OPTION`, `SERVER_FAILED`.
 */
export async function startLocalPooler(
  { serverHandle: { admin } }: LocalProvider,
  options: PoolerOptions = {},
): Promise<LocalPooler> {
  const missing = await findMissingPooler()
  if (missing !== null) throw new ProviderError('NOT_SUPPORTED', missing)
  const folder = mkdtempSync(join(tmpdir(), 'user-engine-pooler-'))
  try {
    const { config, port, tls } = await writeFiles(folder, admin, options)
    const program = runPooler(config, folder)
    await untilItAnswers(program, { ...admin, host: HOST, port, tls })
    return {
      port,
      through: (capability) => throughPooler(capability, { port, tls, mode: options.mode ?? 'transaction' }),
      stop: () => program.stop(),
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function throughPooler(
  capability: PostgresCapability,
  { port, tls, mode }: { readonly port: number; readonly tls: LeaseTls; readonly mode: PoolMode },
): PostgresCapability {
  return {
    describe: async () => ({
      ...(await capability.describe()),
      pooler: { mode, preparedStatements: mode === 'session' },
    }),
    lease: async (role) => ({ ...(await capability.lease(role)), host: HOST, port, tls }),
  }
}

async function writeFiles(folder: string, admin: AdminConnection, options: PoolerOptions) {
  // PgBouncer refuses to run as root as well.
  const account = serverAccount(folder)
  const write = (name: string, content: string) => {
    const file = join(folder, name)
    writeOwned(file, content, account)
    return file
  }
  giveTo(folder, account)
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const usersFile = write('users.txt', `${quoted(admin.user)} ${quoted(admin.password)}\n`)
  const { files, lease } = await prepareTls(admin.tls, write)
  const port = await findFreePort()
  const settings = renderPoolerSettings(options, { port, server: admin, usersFile, tls: files })
  return { config: write('pgbouncer.ini', settings), port, tls: lease }
}

async function prepareTls(
  server: LeaseTls,
  write: (name: string, content: string) => string,
): Promise<{ readonly files: PoolerTlsFiles | null; readonly lease: LeaseTls }> {
  if (server.mode === 'disable') return { files: null, lease: server }
  const authority = await createCertificateAuthority()
  const { certificate, key } = await authority.issue([HOST, 'localhost'])
  return {
    files: {
      authorityFile: write('server-authority.crt', server.ca),
      certificateFile: write('pooler.crt', certificate),
      keyFile: write('pooler.key', key),
    },
    lease: { mode: 'verify-full', ca: authority.certificate },
  }
}

interface RunningPooler {
  readonly hasEnded: boolean
  stop(): Promise<void>
}

// The shell ends the pooler when its input ends, and that ends with our process at the latest. A killed pooler loses
// nothing: what was open is rolled back by the server.
const WATCH = `
  pgbouncer --quiet "$1" & pooler=$!
  exec 3<&0
  (cat <&3 > /dev/null; kill -9 $pooler; rm -rf "$2") &
  exec 3<&-
  wait $pooler`

function runPooler(config: string, folder: string): RunningPooler {
  const account = serverAccount(folder)
  const child: ChildProcess = spawn('sh', ['-c', WATCH, 'sh', config, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own: Ctrl-C in a terminal is for us.
    detached: true,
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  })
  const ended = once(child, 'exit')
  child.unref()
  return {
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null
    },
    async stop() {
      // Our own process may not end meanwhile.
      child.ref()
      child.stdin?.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilItAnswers(program: RunningPooler, admin: AdminConnection): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await acceptsAdministrator(admin, ANSWER_TIMEOUT_MS))) {
    if (program.hasEnded)
      throw new ProviderError('SERVER_FAILED', 'pgbouncer ended at once: check the settings it was given.')
    if (performance.now() > deadline) {
      await program.stop()
      throw new ProviderError(
        'SERVER_FAILED',
        `pgbouncer did not answer within ${START_TIMEOUT_MS / 1_000} s.`,
      )
    }
    await delay(POLL_MS)
  }
}
