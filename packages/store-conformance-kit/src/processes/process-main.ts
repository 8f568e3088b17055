// The entry of another process: opens a store on what it is handed over and does jobs with it until it is ended, or migrates.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { DEFECTS } from '../calibration/defects.ts'
import { showError } from '../show.ts'
import type { FromProcess, ToProcess } from './messages.ts'
import { JOBS } from './process-jobs.ts'

interface StoreModule {
  readonly default: (handOver: unknown) => Promise<UserEngineStore>
  readonly migrate?: (handOver: unknown) => Promise<{ readonly applied: readonly string[] }>
}

let store: UserEngineStore | null = null

process.on('message', (message: ToProcess) => {
  void answer(message).catch(async (error: unknown) => {
    await send({ kind: 'failed', error: showError(error) })
  })
})

// Whoever started it is gone: there is nobody left to work for.
process.on('disconnect', () => process.exit())

async function answer(message: ToProcess): Promise<void> {
  if (message.kind === 'open') {
    const { default: open } = (await import(message.module)) as StoreModule
    const opened = await open(message.handOver)
    const defect = DEFECTS.find(({ name }) => name === message.defect)
    store = defect === undefined ? opened : defect.breakStores()(opened)
    await send({ kind: 'done', result: null })
    return
  }
  if (message.kind === 'migrate') {
    const { migrate } = (await import(message.module)) as StoreModule
    if (migrate === undefined) throw new Error('the module exports no migrate()')
    await send({ kind: 'progress', progress: 'begins' })
    await send({ kind: 'done', result: (await migrate(message.handOver)).applied })
    return
  }
  if (store === null) throw new Error('no store is open')
  const job: (
    opened: UserEngineStore,
    args: never,
    report: (progress: unknown) => Promise<void>,
  ) => Promise<unknown> = JOBS[message.job]
  const result = await job(store, message.args as never, (progress) => send({ kind: 'progress', progress }))
  await send({ kind: 'done', result })
}

async function send(message: FromProcess): Promise<void> {
  await new Promise<void>((resolve) => process.send?.(message, () => resolve()))
}
