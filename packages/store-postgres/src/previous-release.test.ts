// Releases overlap while they are rolled out: a release goes on working on the schema of the next one [MIG-04]. Shown with what
// there is: this release on a schema that another migration has expanded, and, as soon as there is a release before this one,
// that release as it was published, on the schema of this one.
import { attachLocalProvider } from '@user-engine/provider-local'
import { type ConformanceHarness, runConformance } from '@user-engine/store-conformance-kit'
import { afterAll, expect, inject, test } from 'vitest'
import type { createPostgresStore } from './create-postgres-store.ts'
import { applyMigrations } from './migrations/migrate.ts'
import { loadMigrations, parseMigration } from './migrations/migration-files.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { createLocalHarness } from './testing/local-harness.ts'

const FIRST_RELEASE = '0.1.0'
const PREVIOUS = `${PACKAGE_NAME}-previous`
const SECTIONS = /^(?:IDN|VER|AUD|OBX)-/
/** Enough to see that the way of trying works; a release that is really before this one gets all of the above. */
const SAMPLE = /^(?:AUD|OBX-01)/
const LIMIT_MS = 120_000

/** What a next release may do to the schema: it adds, and takes nothing away. */
const EXPANSION = parseMigration(
  '29990101000000_expansion',
  `ALTER TABLE users ADD nickname text COLLATE "C";
   ALTER TABLE outbox_events ADD traced_as text NOT NULL DEFAULT '';
   CREATE INDEX memberships_role_idx ON memberships (tenant_id, role_key, id);
   CREATE TABLE badges (tenant_id text COLLATE "C" NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id));
   ALTER TABLE badges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
   CREATE POLICY badges_of_tenant ON badges FOR ALL USING (tenant_id = (SELECT scope_key()));`,
)

const provider = await attachLocalProvider(inject('postgresServer'))

afterAll(() => provider.stop())

async function expectToPass(harness: ConformanceHarness, cases: RegExp): Promise<void> {
  const report = await runConformance(harness, { select: ({ id }) => cases.test(id) })
  expect(report.executed).toBeGreaterThanOrEqual(10)
  expect(report.cases.filter(({ status }) => status === 'failed')).toEqual([])
}

test(
  'this release works on a schema that the next one has expanded',
  async () => {
    const shipped = await createLocalHarness(provider, { withFaults: false })
    const freshNamespace = async () => {
      const namespace = await shipped.freshNamespace()
      const { capability } = shipped.databaseOf(namespace)
      const { applied } = await applyMigrations({ capability }, [...loadMigrations(), EXPANSION])
      expect(applied).toEqual([EXPANSION.name])
      return namespace
    }
    await expectToPass({ ...shipped, freshNamespace }, SAMPLE)
  },
  LIMIT_MS,
)

/** The release before this one, which is a development dependency under a name of its own. */
async function findPreviousRelease(): Promise<{
  readonly createPostgresStore: typeof createPostgresStore
} | null> {
  try {
    return await import(/* @vite-ignore */ PREVIOUS)
  } catch (error) {
    const isMissing = error instanceof Error && /find (?:package|module)|resolve/i.test(error.message)
    if (isMissing) return null
    throw error
  }
}

const previous = await findPreviousRelease()

if (previous === null && PACKAGE_VERSION === FIRST_RELEASE)
  test.skip(`there is no release before ${FIRST_RELEASE} that could be tried on the schema of this one`, () => {})
else
  test(
    'the release before this one works on the schema of this one',
    async () => {
      const store =
        previous ?? expect.fail(`add the release before ${PACKAGE_VERSION} to devDependencies as ${PREVIOUS}`)
      const harness = await createLocalHarness(provider, { withFaults: false })
      const open: ConformanceHarness['open'] = (namespace, options) =>
        store.createPostgresStore({ capability: harness.databaseOf(namespace).capability, ...options })
      await expectToPass({ ...harness, open }, SECTIONS)
    },
    LIMIT_MS,
  )
