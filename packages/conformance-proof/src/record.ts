import { readFileSync, writeFileSync } from 'node:fs'
import type { KillScore } from '@user-engine/store-conformance-kit'
import type { ExpectedKills } from './run-proof.ts'

const EXPECTED_KILLS = new URL('./expected-kills.json', import.meta.url)
const KILL_SCORE = new URL('../../store-conformance-kit/src/certificate/kill-score.json', import.meta.url)
const KILL_MATRIX = new URL('../../../docs/kill-matrix.md', import.meta.url)

/** The cases on record that catch each broken store. */
export function readExpectedKills(): ExpectedKills {
  return JSON.parse(readFileSync(EXPECTED_KILLS, 'utf8')) as ExpectedKills
}

export function writeExpectedKills(kills: ExpectedKills): void {
  writeFileSync(EXPECTED_KILLS, `${JSON.stringify(kills, null, 2)}\n`)
}

/** The published kill matrix. */
export function readKillMatrix(): string {
  return readFileSync(KILL_MATRIX, 'utf8')
}

export function writeKillMatrix(text: string): void {
  writeFileSync(KILL_MATRIX, text)
}

/** What certificates of the kit say of it. */
export function readKillScore(): KillScore {
  return JSON.parse(readFileSync(KILL_SCORE, 'utf8')) as KillScore
}

export function writeKillScore(score: KillScore): void {
  writeFileSync(KILL_SCORE, `${JSON.stringify(score)}\n`)
}
