import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalProvider } from '@user-engine/provider-local'
import pg from 'pg'
import { LEASE_ROLES, type PostgresCapability } from '../capability/postgres-capability.ts'

/** A PgBouncer in transaction mode before the server of a provider. */
export interface PgBouncer {
  readonly port: number
  /** The same capability through the pooler: it must know the logins of a capability before they are used. */
  through(capability: PostgresCapability): Promise<PostgresCapability>
  stop(): Promise<void>
}

/** Why there is no PgBouncer here, or null. */
export async function findNoPgBouncer(): Promise<string | null> {
  const child = spawn('pgbouncer', ['--version'], { stdio: 'ignore' })
  // `once` rejects when the program cannot be started.
  const found = await once(child, 'exit').then(
    ([code]) => code === 0,
    () => false,
  )
  return found ? null : 'pgbouncer is not on the PATH; install the Debian package pgbouncer'
}

export async function startPgBouncer({ serverHandle }: LocalProvider): Promise<PgBouncer> {
  const { host, port: serverPort } = serverHandle.admin
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const users = join(folder, 'users.txt')
  const config = join(folder, 'pgbouncer.ini')
  const port = await freePort()
  writeFileSync(users, '', { mode: 0o600 })
  writeFileSync(
    config,
    `[databases]
* = host=${host} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
server_login_retry = 1
`,
  )
  const account = serverAccount()
  if (account !== null) for (const path of [folder, users, config]) chownSync(path, account.uid, account.gid)
  const child = spawn('pgbouncer', ['--quiet', config], { stdio: 'ignore', ...(account ?? {}) })
  await untilListening(port, child)
  const known = new Map<string, string>()
  return {
    port,
    async through(capability) {
      for (const role of LEASE_ROLES) {
        const { user, password } = await capability.lease(role)
        known.set(user, typeof password === 'string' ? password : await password())
      }
      writeFileSync(users, [...known].map(([user, password]) => `"${user}" "${password}"\n`).join(''))
      child.kill('SIGHUP')
      const last = await capability.lease('relay')
      await untilKnown({
        host: '127.0.0.1',
        port,
        database: last.database,
        user: last.user,
        password: known.get(last.user) ?? '',
      })
      return {
        describe: async () => ({
          ...(await capability.describe()),
          // Named statements need PgBouncer 1.21 and are not counted on.
          pooler: { mode: 'transaction', preparedStatements: false },
        }),
        lease: async (role) => ({ ...(await capability.lease(role)), host: '127.0.0.1', port }),
      }
    },
    async stop() {
      child.kill('SIGINT')
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

// PgBouncer refuses to run as root.
function serverAccount(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const nobody = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody')
  return { uid: Number(nobody?.[2]), gid: Number(nobody?.[3]) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const config = { host: '127.0.0.1', port, database: 'pgbouncer', user: 'nobody', password: '' }
  await untilAnswered(config, () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with code ${child.exitCode}`)
  })
}

/** An unknown user is told so; until the settings have been read again, all are unknown. */
async function untilKnown(config: pg.ClientConfig): Promise<void> {
  for (;;) {
    const client = new pg.Client(config)
    client.on('error', () => {})
    const known = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (known) return
  }
}

async function untilAnswered(config: pg.ClientConfig, check: () => void): Promise<void> {
  for (;;) {
    check()
    const client = new pg.Client(config)
    client.on('error', () => {})
    const answer = await client.connect().catch((error: unknown) => error)
    await client.end().catch(() => {})
    const isRefused = answer instanceof Error && 'code' in answer && answer.code === 'ECONNREFUSED'
    if (!isRefused) return
  }
}
