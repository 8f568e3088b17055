import { readFileSync, writeFileSync } from 'node:fs'
import type { KillScore, SubjectKind } from '@user-engine/store-conformance-kit'
import type { ExpectedKills } from './run-proof.ts'

const EXPECTED_KILLS = new URL('./expected-kills.json', import.meta.url)
const KILL_SCORES = new URL('../../store-conformance-kit/src/certificate/kill-score.json', import.meta.url)
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

type KillScores = Readonly<Record<SubjectKind, KillScore>>

/** What certificates of the kit say of it. */
export function readKillScores(): KillScores {
  return JSON.parse(readFileSync(KILL_SCORES, 'utf8')) as KillScores
}

export function writeKillScore(subject: SubjectKind, score: KillScore): void {
  writeFileSync(KILL_SCORES, `${JSON.stringify({ ...readKillScores(), [subject]: score }, null, 2)}\n`)
}
