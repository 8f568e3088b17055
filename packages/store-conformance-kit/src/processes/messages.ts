import type { ProcessJobs } from './process-jobs.ts'

/** What a process is told. */
export type ToProcess =
  | {
      readonly kind: 'open'
      readonly module: string
      readonly handOver: unknown
      /** The name of the defect that its store is given, for the calibration of a race. */
      readonly defect: string | null
    }
  /** Has the module migrate; it reports once before it begins. */
  | { readonly kind: 'migrate'; readonly module: string; readonly handOver: unknown }
  | { readonly kind: 'run'; readonly job: keyof ProcessJobs; readonly args: unknown }

/** What it answers. */
export type FromProcess =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: string }
