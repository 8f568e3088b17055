import { type Html, html } from './html.ts'

/** How the HTML report looks. Colours come in pairs, for light and dark; state is told by words as well as by colour. */
export const HTML_REPORT_STYLE: Html = html`
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2330, #e4e7ee);
  --soft: light-dark(#5b6475, #9aa4b8);
  --ground: light-dark(#f6f7f9, #14171d);
  --card: light-dark(#ffffff, #1c2029);
  --line: light-dark(#dfe3ea, #2f3542);
  --good: light-dark(#176b3a, #63d297);
  --bad: light-dark(#a8202a, #ff8d8d);
  --warn: light-dark(#865400, #f0b95c);
  --idle: light-dark(#5b6475, #9aa4b8);
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.55 system-ui, sans-serif }
header, main { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem }
header { margin-top: 2.5rem; padding: 1.25rem 1.5rem; background: var(--card); border: 1px solid var(--line); border-left: .5rem solid var(--tone); border-radius: .5rem }
header h1 { margin: .1rem 0 .4rem; font-size: 1.6rem; line-height: 1.25; color: var(--tone) }
header p { margin: .2rem 0 }
header .store, header .counts { color: var(--soft) }
main { padding: 0 0 4rem }
section { margin-top: 2rem }
h2 { margin: 0 0 .6rem; font-size: 1.1rem }
h3 { margin: 0; font-size: 1rem; font-weight: 600 }
small { color: var(--soft); font-weight: 400; font-size: .85em }
code { font: .88em/1.5 ui-monospace, Consolas, monospace; overflow-wrap: anywhere }
details, .trouble { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; margin: .35rem 0 }
.trouble { border-left: .3rem solid var(--bad) }
.trouble .title { color: var(--soft); margin: .2rem 0 .6rem }
summary { cursor: pointer; line-height: 1.6 }
summary:focus-visible { outline: 2px solid var(--warn); outline-offset: 4px }
.level, .reason { color: var(--soft); font-size: .85em }
ul { margin: .4rem 0; padding-left: 1.2rem }
li { margin: .2rem 0 }
.badge { display: inline-block; min-width: 4.6rem; padding: 0 .5rem; border: 1px solid; border-radius: 1rem; color: var(--tone); font-size: .78rem; text-align: center; white-space: nowrap }
.passed, .conformant { --tone: var(--good) }
.failed, .not-conformant { --tone: var(--bad) }
.invalid, .waived, .conformant-with-waivers, .partial, .advisory { --tone: var(--warn) }
.skipped, .untested, .not-selected, .not-run { --tone: var(--idle) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .4rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th { color: var(--soft); font-weight: 500; font-size: .85rem }
@media print { body { background: none } details, header, .trouble, .wide { break-inside: avoid } }
@media (max-width: 40rem) { main { padding: 0 .75rem 3rem } header { margin-top: .75rem } }
`
