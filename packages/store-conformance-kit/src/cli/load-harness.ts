import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type CapabilityHarness, isCapabilityHarness } from '../capability/harness.ts'
import type { ConformanceHarness } from '../harness.ts'
import { showError } from '../show.ts'
import { CannotJudge } from './cannot-judge.ts'

/** The functions that a harness must have, and those that it may have, by what it is about. */
const VERBS = {
  store: {
    needed: ['freshNamespace', 'destroyNamespace', 'open', 'reference'],
    optional: ['dispose', 'backendVersion'],
  },
  capability: { needed: ['connect'], optional: ['dispose', 'backendVersion', 'rotate', 'restore'] },
} as const

/**
 * Loads the harness that a module exports as its default: itself, or a function that returns it.
 *
 * @throws CannotJudge with one sentence that says what to change.
 */
export async function loadHarness(file: string): Promise<ConformanceHarness | CapabilityHarness> {
  const path = resolve(file)
  if (!existsSync(path)) throw new CannotJudge(`There is no file ${file}: give the module of your harness.`)
  const module = await importModule(file, path)
  const exported: unknown = Reflect.get(module, 'default')
  const harness = typeof exported === 'function' ? await callFactory(file, exported) : exported
  return acceptHarness(file, harness)
}

async function importModule(file: string, path: string): Promise<object> {
  try {
    const module: unknown = await import(pathToFileURL(path).href)
    return Object(module)
  } catch (error) {
    throw new CannotJudge(describeLoadFailure(file, error))
  }
}

/** Why a module could not be loaded, as a sentence that says what to change. */
export function describeLoadFailure(file: string, error: unknown): string {
  const code: unknown = Object(error).code
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(file))
    return `This Node (${process.version}) does not read TypeScript: use Node 22.18 or newer, or give ${file} as JavaScript.`
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `${file} has TypeScript that Node cannot leave out, such as an enum: write it without, or give it as JavaScript.`
  return `${file} cannot be loaded: ${firstLine(error)}.`
}

async function callFactory(file: string, factory: unknown): Promise<unknown> {
  try {
    return typeof factory === 'function' ? await factory() : undefined
  } catch (error) {
    throw new CannotJudge(`The function that ${file} exports as its default failed: ${firstLine(error)}.`)
  }
}

function acceptHarness(file: string, candidate: unknown): ConformanceHarness | CapabilityHarness {
  if (typeof candidate !== 'object' || candidate === null) {
    throw new CannotJudge(
      `${file} has no harness as its default export: write \`export default defineHarness({ … })\` or \`defineCapabilityHarness({ … })\`, or export a function that returns one.`,
    )
  }
  const name: unknown = Reflect.get(candidate, 'name')
  if (typeof name !== 'string' || name === '')
    throw new CannotJudge(`The harness of ${file} has no name: give it one as its name.`)
  const isFunction = (verb: string) => typeof Reflect.get(candidate, verb) === 'function'
  const { needed, optional } = VERBS[isCapabilityHarness(candidate) ? 'capability' : 'store']
  const missing = [
    ...needed.filter((verb) => !isFunction(verb)),
    ...optional.filter((verb) => Reflect.get(candidate, verb) !== undefined && !isFunction(verb)),
  ]
  if (missing.length > 0) {
    throw new CannotJudge(
      `The harness of ${file} lacks what every harness must have: make ${missing.join(', ')} ${missing.length === 1 ? 'a function' : 'functions'} of it.`,
    )
  }
  // Its verbs are there; what they do is proved before the first case.
  return candidate as ConformanceHarness | CapabilityHarness
}

function firstLine(error: unknown): string {
  return (showError(error).split('\n')[0] ?? '').replace(/\.$/, '')
}
