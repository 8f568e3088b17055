import { readFileSync, writeFileSync } from 'node:fs'
import type { ProviderRecords } from './provider-proof.ts'

const EXPECTED = new URL('./expected-kills.json', import.meta.url)
const MATRIX = new URL('../../../../docs/capability-matrix.md', import.meta.url)
const REPORTS = new URL('../../../../docs/conformance/', import.meta.url)

/** What is on record about each broken provider, by its id. */
export function readProviderRecords(): ProviderRecords {
  return JSON.parse(readFileSync(EXPECTED, 'utf8')) as ProviderRecords
}

export function writeProviderRecords(records: ProviderRecords): void {
  writeFileSync(EXPECTED, `${JSON.stringify(records, null, 2)}\n`)
}

/** The published matrix. */
export function readCapabilityMatrix(): string {
  return readFileSync(MATRIX, 'utf8')
}

export function writeCapabilityMatrix(text: string): void {
  writeFileSync(MATRIX, text)
}

/** Publishes what the kit said, as text. */
export function writeReport(name: string, text: string): void {
  writeFileSync(new URL(`${name}.txt`, REPORTS), `${text}\n`)
}
