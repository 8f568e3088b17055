// A fresh data folder for each test of a file, and everything that lives on it: ended and removed after the test.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { inspectDataFolder } from '../backends/embedded/postmaster-file.ts'
import { createLocalProvider, type LocalProviderOptions } from '../create-local-provider.ts'
import type { LocalProvider } from '../local-provider.ts'
import { type ProviderMessage, type ProviderProcess, startProviderProcess } from './provider-process.ts'
import { until } from './until.ts'

type Account = Parameters<typeof startProviderProcess>[0]['account']

export interface TestDataFolder {
  /** A folder that is there; what is in it is the test's. */
  readonly path: string
  /** A data folder in it, which is not there yet. */
  readonly dataDir: string
  /** Puts a cluster there that was made before, which is quicker than making one. */
  fill(): void
  open(options?: LocalProviderOptions): Promise<LocalProvider>
  /** Starts a process that owns a provider. */
  start(options: LocalProviderOptions, account?: Account): ProviderProcess
  /** The same on this data folder, waiting until its server is up. */
  openElsewhere(options?: LocalProviderOptions): Promise<ReadyProcess>
  /** The first process of the server on this data folder, or on the given cluster; 0 when there is none. */
  serverPid(cluster?: string): number
}

export interface ReadyProcess extends ProviderProcess {
  readonly ready: NonNullable<ProviderMessage['ready']>
}

export function useDataFolder(): TestDataFolder {
  const providers: LocalProvider[] = []
  const processes: ProviderProcess[] = []
  let seed = ''
  let path = ''
  const dataDir = () => join(path, 'data')
  const serverPid = (cluster = join(dataDir(), 'pgdata')) => {
    const state = inspectDataFolder(cluster)
    return state.kind === 'served' ? state.pid : 0
  }
  const start = (options: LocalProviderOptions, account?: Account) => {
    const started = startProviderProcess({ options, account })
    processes.push(started)
    return started
  }

  beforeAll(async () => {
    seed = newFolder()
    const provider = await createLocalProvider({ backend: 'embedded', dataDir: join(seed, 'data') })
    await provider.stop()
  })
  afterAll(() => {
    rmSync(seed, { recursive: true, force: true })
  })
  beforeEach(() => {
    path = newFolder()
  })
  afterEach(async () => {
    await Promise.all(providers.splice(0).map((provider) => provider.stop()))
    for (const { child, ended } of processes.splice(0)) {
      child.kill('SIGKILL')
      await ended()
    }
    await until('no server is left', () => serverPid() === 0)
    rmSync(path, { recursive: true, force: true })
  })

  return {
    get path() {
      return path
    },
    get dataDir() {
      return dataDir()
    },
    fill: () => {
      execFileSync('cp', ['-a', join(seed, 'data'), dataDir()])
    },
    open: async (options = {}) => {
      const provider = await createLocalProvider({ backend: 'embedded', dataDir: dataDir(), ...options })
      providers.push(provider)
      return provider
    },
    start,
    openElsewhere: async (options = {}) => {
      const started = start({ dataDir: dataDir(), ...options })
      const message = await started.next()
      if (message?.ready === undefined) throw new Error(`it did not start: ${JSON.stringify(message)}`)
      return { ...started, ready: message.ready }
    },
    serverPid,
  }
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-test-'))
  chmodSync(folder, 0o711)
  return folder
}
