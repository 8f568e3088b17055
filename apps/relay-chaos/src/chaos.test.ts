// Short runs with real processes, a real Postgres and a real receiver; `pnpm chaos` has the long ones.
import { expect, test } from 'vitest'
import { SHORT_PLANS } from './plans.ts'
import { renderPage } from './render-page.ts'
import { runChaos } from './run-chaos.ts'

test.for(SHORT_PLANS)(
  'relays that are $title at random lose nothing, reorder nothing and acknowledge once',
  {
    concurrent: true,
  },
  async (plan) => {
    const run = await runChaos(plan)
    const page = renderPage([run])
    expect(run.account.violations, page).toEqual([])
    expect(run.account.events).toBe(plan.write.events)
    expect(run.account.kills + run.account.pauses, page).toBeGreaterThan(0)
    expect(run.account.acknowledgements.confirmed + run.account.acknowledgements.unheard).toBe(
      run.account.events,
    )
  },
)
