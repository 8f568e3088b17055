import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CaseResult, ConformanceReport } from '../report.ts'
import { runConformance } from '../run-conformance.ts'
import { createShallowHarness } from '../testing/shallow-harness.ts'
import { renderHtml } from './html-report.ts'
import { SCHEMA_FILES } from './json-schemas.ts'
import { renderJUnit } from './junit-report.ts'
import { conformanceReportSchema } from './report-schema.ts'

const HOSTILE = `<script>alert("x")</script> & 'more' ]]> \u0000\uD800`

const real = await runConformance(createShallowHarness({ backendVersion: async () => 'Engine 7' }), {
  rules: ['VER-01', 'MIG-03', 'LIF-03'],
  waivers: [{ rule: 'MIG-03', reason: HOSTILE, link: 'https://tracker.example/7', expires: '2999-12-31' }],
})

describe('the JSON Schema files', () => {
  test.each(SCHEMA_FILES)('$file is current; if not, run `pnpm run schema`', ({ file, render }) => {
    const published = readFileSync(new URL(`../../schema/${file}`, import.meta.url), 'utf8')
    expect(JSON.parse(published)).toEqual(JSON.parse(render()))
  })

  test('there are no others', () => {
    const published = readdirSync(new URL('../../schema', import.meta.url))
    expect(published.toSorted()).toEqual(SCHEMA_FILES.map(({ file }) => file).toSorted())
  })

  test('a real report survives its file and is valid; one with a field too many or too few is not', () => {
    expect(conformanceReportSchema.parse(JSON.parse(JSON.stringify(real)))).toEqual(real)
    expect(conformanceReportSchema.safeParse({ ...real, extra: 1 }).success).toBe(false)
    expect(conformanceReportSchema.safeParse({ ...real, verdict: undefined }).success).toBe(false)
    const [first] = real.cases
    const strange = { ...real, cases: [{ ...first, rules: ['NOPE-01'] }] }
    expect(conformanceReportSchema.safeParse(strange).success).toBe(false)
  })
})

function withCase(changes: Partial<CaseResult>): ConformanceReport {
  const [first] = real.cases
  if (first === undefined) throw new Error('the run has cases')
  const plain = { ...first, status: 'passed' as const, failure: null, reason: null, notes: [] }
  return { ...real, cases: [{ ...plain, ...changes }], rules: real.rules.slice(0, 1), waivers: [] }
}

const failure = { rule: 'VER-01: text', what: 'holds', expected: HOSTILE, actual: '2', where: 'src/x.ts:1:1' }

describe('the JUnit file', () => {
  test('has every case, with failures, errors and skips as they count', () => {
    const xml = renderJUnit(real)
    expect(xml.match(/<testcase /g)).toHaveLength(real.cases.length)
    const has = (status: CaseResult['status'], waived = false) =>
      real.cases.filter((result) => result.status === status && result.waived === waived).length
    expect(has('failed', true)).toBeGreaterThan(0)
    expect(xml).toMatch(
      new RegExp(
        `<testsuites [^>]*tests="${real.cases.length}" failures="${has('failed')}" errors="${has('invalid')}" skipped="${has('skipped') + has('failed', true)}"`,
      ),
    )
    expect(xml).toContain('<testsuite name="VER: Versions"')
    expect(xml).toMatch(/<property name="MIG-03" value="MIG-03, until 2999-12-31: /)
  })

  test('a case that could not be judged is an error, an advisory failure a skip that says what failed', () => {
    expect(renderJUnit(withCase({ status: 'invalid', reason: 'no disk' }))).toContain(
      '<error message="no disk"',
    )
    const advisory = renderJUnit(withCase({ status: 'failed', failure, advisory: true }))
    expect(advisory).toContain('<skipped/>')
    expect(advisory).toContain('advisory\nholds\nexpected: ')
    expect(advisory).not.toContain('<failure')
  })

  test('a run that judged nothing is an error, and nothing breaks out of the text', () => {
    const empty = renderJUnit({ ...real, verdict: 'invalid', cases: [], reasons: [HOSTILE] })
    expect(empty).toContain('errors="1"')
    const xml = renderJUnit(withCase({ status: 'failed', failure: { ...failure, what: HOSTILE } }))
    for (const text of [empty, xml]) {
      expect(text).toContain('message="&lt;script')
      const outside = text.replaceAll(/<!\[CDATA\[.*?\]\]>|"[^"]*"/gs, '')
      expect(outside).not.toContain('<script')
      expect(outside).not.toContain(']]>')
      expect(text.isWellFormed() && !text.includes('\u0000')).toBe(true)
    }
  })
})

describe('the HTML page', () => {
  const page = renderHtml(real)

  test('needs nothing else: no script, no network', () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/)
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
  })

  test('says the verdict first, then what went wrong, waivers, rules, tiers, the manifest and the run', () => {
    const order = [
      '<h1>not conformant</h1>',
      '<h2>What went wrong</h2>',
      '<h2>Waivers</h2>',
      '<h2>VER: Versions',
      '<h2>Durability, as it was really tried</h2>',
      '<h2>The manifest</h2>',
      '<h2>The run</h2>',
    ].map((heading) => page.indexOf(heading))
    expect(order.every((position) => position > 0)).toBe(true)
    expect(order).toEqual(order.toSorted((one, other) => one - other))
    expect(page).toContain('shallow 1 on Engine 7')
    expect(page).toContain('<code>durability.durable</code>')
  })

  test('has every rule and every case, and of a failure what was expected, seen, where and by which rule', () => {
    for (const { id } of [...real.rules, ...real.cases]) expect(page).toContain(`<code>${id}</code>`)
    const trouble = renderHtml(withCase({ status: 'failed', failure }))
    for (const part of [failure.what, failure.actual, failure.rule, failure.where])
      expect(trouble).toContain(part)
  })

  test('escapes what it shows', () => {
    const hostile = renderHtml({
      ...withCase({ status: 'failed', failure, title: HOSTILE, notes: [HOSTILE] }),
      harness: HOSTILE,
      reasons: [HOSTILE],
      backendVersion: HOSTILE,
    })
    expect(hostile).not.toContain('<script')
    expect(
      hostile.split('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39; ]]&gt;').length,
    ).toBeGreaterThan(6)
    expect(page).not.toContain('<script')
  })

  test('every element that is opened is closed', () => {
    for (const element of [
      'section',
      'details',
      'summary',
      'article',
      'table',
      'tr',
      'td',
      'ul',
      'li',
      'dl',
      'code',
      'span',
      'p',
    ]) {
      const opened = page.match(new RegExp(`<${element}[ >]`, 'g'))?.length ?? 0
      expect(page.split(`</${element}>`).length - 1, element).toBe(opened)
    }
  })
})
