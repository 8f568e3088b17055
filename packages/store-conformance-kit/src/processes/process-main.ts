// The entry of another process: opens a store on what it is handed over, and does jobs with it until it is ended.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { DEFECTS } from '../calibration/defects.ts'
import { showError } from '../show.ts'
import type { FromProcess, ToProcess } from './messages.ts'
import { JOBS } from './process-jobs.ts'

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
    const { default: open } = (await import(message.module)) as {
      readonly default: (handOver: unknown) => Promise<UserEngineStore>
    }
    const opened = await open(message.handOver)
    const defect = DEFECTS.find(({ name }) => name === message.defect)
    store = defect === undefined ? opened : defect.breakStores()(opened)
    await send({ kind: 'done', result: null })
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
