import { findRule, RULE_SECTIONS, sectionTitle } from '@user-engine/store-protocol'
import {
  describeCounts,
  describeJudged,
  describeStatus,
  describeVerdict,
  groupRaces,
} from '../format-report.ts'
import type { CaseResult, ConformanceReport, RuleResult, WaiverResult } from '../report.ts'
import { type Html, html } from './html.ts'
import { HTML_REPORT_STYLE } from './html-report-style.ts'

/** The report as one page that needs nothing else: no network, no scripts; light and dark. */
export function renderHtml(report: ConformanceReport): string {
  const title = `${report.harness}: ${describeVerdict(report.verdict)}`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${HTML_REPORT_STYLE}</style>
</head>
<body>
<header class="${report.verdict}">
<p class="store">${describeJudged(report)}</p>
<h1>${describeVerdict(report.verdict)}</h1>
${report.reasons.map((reason) => html`<p>${reason}</p>`)}
<p class="counts">${describeCounts(report)}</p>
</header>
<main>
${renderTroubles(report.cases)}
${renderWaivers(report.waivers)}
${RULE_SECTIONS.map((section) =>
  renderSection(
    `${section}: ${sectionTitle(section)}`,
    report.rules.filter(({ id }) => id.startsWith(`${section}-`)),
    report.cases,
  ),
)}
${renderTiers(report)}
${renderRaces(report.cases)}
${renderNotes(report.cases)}
${renderManifest(report)}
${renderRun(report)}
</main>
</body>
</html>
`
  return page.markup
}

const NOTHING = html``

function renderTroubles(cases: readonly CaseResult[]): Html {
  const troubles = cases.filter(({ status }) => status === 'failed' || status === 'invalid')
  if (troubles.length === 0) return NOTHING
  return html`<section><h2>What went wrong</h2>${troubles.map(renderTrouble)}</section>`
}

function renderTrouble(result: CaseResult): Html {
  const { id, title, failure, reason } = result
  const body =
    failure === null
      ? html`<p>${reason ?? ''}</p>`
      : html`<p>${failure.what}</p>
<dl><dt>expected</dt><dd><code>${failure.expected}</code></dd><dt>actual</dt><dd><code>${failure.actual}</code></dd>
<dt>rule</dt><dd>${failure.rule}</dd><dt>at</dt><dd><code>${failure.where}</code></dd></dl>`
  return html`<article class="trouble" id="${id}"><h3>${badge(result)} <code>${id}</code></h3><p class="title">${title}</p>${body}</article>
`
}

function renderWaivers(waivers: readonly WaiverResult[]): Html {
  if (waivers.length === 0) return NOTHING
  const rows = waivers.map(
    ({ rule, reason, link, expires, cases }) =>
      html`<tr><td><code>${rule}</code></td><td>${reason}<br><small>${link}</small></td><td>${expires}</td><td>${codes(cases, 'no failure')}</td></tr>
`,
  )
  return html`<section><h2>Waivers</h2><div class="wide"><table><tr><th>rule</th><th>why</th><th>until</th><th>covers</th></tr>
${rows}</table></div></section>`
}

function renderSection(title: string, rules: readonly RuleResult[], cases: readonly CaseResult[]): Html {
  if (rules.length === 0) return NOTHING
  const passed = rules.filter(({ status }) => status === 'passed').length
  return html`<section><h2>${title} <small>${passed} of ${rules.length} rules passed</small></h2>
${rules.map((rule) => renderRule(rule, cases))}</section>
`
}

function renderRule(
  { id, level, status, reason, cases: ids }: RuleResult,
  cases: readonly CaseResult[],
): Html {
  const results = cases.filter((result) => ids.includes(result.id))
  const open = status === 'failed' || status === 'invalid' ? html` open` : NOTHING
  return html`<details${open}><summary><span class="badge ${status}">${status}</span> <code>${id}</code> <span class="level">${level}</span> <span>${withCode(findRule(id)?.text ?? '')}</span></summary>
${reason === null ? NOTHING : html`<p class="reason">${reason}</p>`}
<ul>${results.map(renderCase)}</ul></details>
`
}

function renderCase(result: CaseResult): Html {
  const { id, title, checks, durationMs, reason } = result
  const facts = reason ?? `${checks} assertions, ${Math.round(durationMs)} ms`
  return html`<li>${badge(result)} <code>${id}</code> ${title} <small>${facts}</small></li>
`
}

function renderTiers({ tiers }: ConformanceReport): Html {
  if (tiers.length === 0) return NOTHING
  const rows = tiers.map(
    ({ tier, meaning, status, reason, cases }) =>
      html`<tr><td>${tier}</td><td>${meaning}</td><td><span class="badge ${status}">${status}</span></td><td>${reason ?? ''}${codes(cases, '')}</td></tr>
`,
  )
  return html`<section><h2>Durability, as it was really tried</h2><div class="wide"><table><tr><th>tier</th><th>what was done</th><th>status</th><th>by</th></tr>
${rows}</table></div></section>`
}

function renderRaces(cases: readonly CaseResult[]): Html {
  const rows = groupRaces(cases).map(
    ({ ids, race: { defect, found, tried, rounds } }) =>
      html`<tr><td>${defect}</td><td>${found} of ${tried}</td><td>${rounds}</td><td>${codes(ids, '')}</td></tr>
`,
  )
  if (rows.length === 0) return NOTHING
  return html`<section><h2>Races, and how many rounds are enough</h2>
<p>Each race was first run against this store broken on purpose. How often that was caught says how many rounds a store with the same
fault survives by less than three sigma; so many this one had to survive.</p>
<div class="wide"><table><tr><th>a store that</th><th>was caught in</th><th>rounds</th><th>in the cases</th></tr>
${rows}</table></div></section>`
}

function renderNotes(cases: readonly CaseResult[]): Html {
  const notes = cases.flatMap(({ id, notes: ofCase }) =>
    ofCase.map(
      (note) => html`<li><code>${id}</code> ${note}</li>
`,
    ),
  )
  return notes.length === 0 ? NOTHING : html`<section><h2>What was observed</h2><ul>${notes}</ul></section>`
}

function renderManifest({ manifest }: ConformanceReport): Html {
  if (manifest === null) return NOTHING
  const rows = Object.entries(manifest).flatMap(([group, answers]) =>
    Object.entries(Object(answers)).map(
      ([name, answer]) =>
        html`<tr><td><code>${group}.${name}</code></td><td><code>${String(answer)}</code></td></tr>
`,
    ),
  )
  return html`<section><h2>The manifest</h2><div class="wide"><table><tr><th>capability</th><th>answer</th></tr>
${rows}</table></div></section>`
}

function renderRun(report: ConformanceReport): Html {
  const { kit, protocolVersion, harness, seed, startedAt, durationMs } = report
  return html`<section><h2>The run</h2><dl>
<dt>harness</dt><dd>${harness}</dd><dt>kit</dt><dd>${kit.name} ${kit.version}</dd><dt>protocol</dt><dd>${protocolVersion}</dd>
<dt>seed</dt><dd>${seed}</dd><dt>started</dt><dd>${startedAt}</dd><dt>took</dt><dd>${(durationMs / 1_000).toFixed(1)} s</dd></dl></section>`
}

function badge(result: CaseResult): Html {
  return html`<span class="badge ${result.waived ? 'waived' : result.status}">${describeStatus(result)}</span>`
}

function codes(ids: readonly string[], none: string): Html {
  return ids.length === 0 ? html`${none}` : html`${ids.map((id) => html`<code>${id}</code> `)}`
}

/** The texts of rules name code between backticks. */
function withCode(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
}
