// The proof from the command line. `--update` records which cases catch what; it forgives no survivor. `--stores` or
// `--providers` is one half of it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { renderKillMatrix } from './kill-matrix.ts'
import { runProviderProof } from './providers/command.ts'
import { readExpectedKills, writeExpectedKills, writeKillMatrix, writeKillScore } from './record.ts'
import { runProof } from './run-proof.ts'

// Every worker and every process of a store loads the same modules.
process.env['NODE_COMPILE_CACHE'] ??= enableCompileCache().directory

const has = (flag: string) => process.argv.includes(flag)
const isUpdate = has('--update')
const isWhole = has('--stores') === has('--providers')

if ((isWhole || has('--stores')) && !(await proveStores())) process.exitCode = 1
if ((isWhole || has('--providers')) && !(await runProviderProof({ isUpdate }))) process.exitCode = 1

async function proveStores(): Promise<boolean> {
  const expected = readExpectedKills()
  const proof = await runProof({
    expected,
    onJudged: (id, { failed, durationMs }, done, total) =>
      process.stderr.write(
        `${done}/${total} ${id}: ${failed.length} cases failed, ${(durationMs / 1_000).toFixed(1)} s\n`,
      ),
  })
  if (isUpdate) {
    const kills = Object.fromEntries(proof.kills.map(({ id, failed }) => [id, failed]))
    writeExpectedKills(kills)
    writeKillMatrix(renderKillMatrix(kills))
    const killed = Object.values(kills).filter((failed) => failed.length > 0).length
    writeKillScore('store', { killed, of: proof.kills.length })
  }
  for (const { id, title, troubles, because } of proof.kills) {
    if (troubles.length === 0) continue
    process.stdout.write(`${id} (${title}): ${troubles.join(' ')}\n  ${because}\n`)
  }
  for (const trouble of proof.oddTroubles) process.stdout.write(`${trouble}\n`)
  const reports = new URL('../reports/', import.meta.url)
  mkdirSync(reports, { recursive: true })
  writeFileSync(new URL('kill-matrix.json', reports), `${JSON.stringify(proof, null, 2)}\n`)
  process.stdout.write(`${proof.line}\n`)
  return proof.holds
}
