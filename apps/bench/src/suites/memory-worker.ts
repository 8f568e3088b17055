// One world, or as many records in maps, in a process of its own, measured on demand: in one process they would make each
// other's garbage collection slower.

import { claimAndAck, createMemoryWorld, type MemoryWorld } from '../data/memory-world.ts'
import { ACTOR } from '../data/records.ts'
import { SEEDED, seededId, tenantOf } from '../data/world.ts'
import type { Round } from '../measure/closed-loop.ts'
import { createRecordsInMaps } from '../paths/records-in-maps.ts'
import { serviceUnits } from '../paths/service-units.ts'
import type { MemoryOperation, MemoryRequest, MemoryResponse } from './memory.ts'
import { createPicker, OPERATIONS } from './operations.ts'

type Operation = () => Promise<unknown>

const BATCH = 100
/** So much is done between two looks at the clock. */
const STRIDE = 16
const CONTEXT = { scope: { tenantId: tenantOf(0, { tenants: 1 }) }, actor: ACTOR }

type Operations = { readonly [Name in MemoryOperation]?: Operation }

function operationsOf({ store, service, size, firstVersion }: MemoryWorld): Operations {
  const picker = createPicker(size)
  picker.set('updateUser', 1, firstVersion)
  const units = serviceUnits(service, size)
  const operations = OPERATIONS.map((name): [MemoryOperation, Operation] => [
    name,
    async () => {
      const pick = picker.pick(name, 0, 1)
      await units[name](pick)
      picker.changed(name, pick)
    },
  ])
  let keys = 0
  return {
    ...Object.fromEntries(operations),
    async updateUserWithKey() {
      const { n, version } = picker.pick('updateUser', 0, 1)
      const context = { ...CONTEXT, idempotencyKey: `measured ${keys++}` }
      const change = {
        id: seededId(SEEDED.user, n),
        expectedVersion: version,
        displayName: `Renamed ${keys}`,
      }
      await service.users.update(context, change)
      picker.changed('updateUser', { n, version })
    },
    auditOfUser: () => {
      const { n } = picker.pick('getUser', 0, 1)
      const target = { type: 'user', id: seededId(SEEDED.user, n) } as const
      return service.audit.list(CONTEXT, { filter: { target }, page: { limit: 10 } })
    },
    claimAndAck: () => claimAndAck(store, BATCH),
  }
}

async function measure(operation: Operation, durationMs: number): Promise<Round> {
  let done = 0
  const before = process.cpuUsage()
  const end = performance.now() + durationMs
  while (performance.now() < end) {
    for (let index = 0; index < STRIDE; index++) {
      const did = await operation()
      done += typeof did === 'number' ? did : 1
    }
  }
  const { user, system } = process.cpuUsage(before)
  const clientCpu = (user + system) / done
  return {
    // What one core does: the time of all threads of the process counts, the collector's too, and waiting does not.
    rate: 1_000_000 / clientCpu,
    latency: { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN },
    clientCpu,
    serverCpu: null,
  }
}

let operations: Operations = {}

async function answer(request: MemoryRequest): Promise<MemoryResponse> {
  if ('fill' in request) {
    if (request.fill === 'maps') {
      operations = { recordsInMaps: await createRecordsInMaps(request.size.records) }
      return null
    }
    const world = await createMemoryWorld(request.size)
    operations = operationsOf(world)
    const { bytesPerRecord, bytesPerCommand } = world
    return { bytesPerRecord, bytesPerCommand }
  }
  const { operation, durationMs } = request
  if (operation === 'claimAndAck') {
    // Enough to take for the whole round.
    for (let count = 0; count < durationMs * 400; count++) await operationOf('updateUser')()
  }
  return await measure(operationOf(operation), durationMs)
}

function operationOf(name: MemoryOperation): Operation {
  const operation = operations[name]
  if (operation === undefined) throw new Error(`this process has nothing to do ${name} with`)
  return operation
}

process.on('message', (request: MemoryRequest) => {
  answer(request).then(
    (response) => process.send?.(response),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    },
  )
})
