import { onlyMultiProcess } from '../../case.ts'

/** What cases about several processes have in common. */
export const OF_PROCESSES = { notFor: onlyMultiProcess, needs: ['processes'], timeoutMs: 90_000 } as const
