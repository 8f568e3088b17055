// How figures and tables look on a page.

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function number(value: number | null): string {
  return value !== null && Number.isFinite(value) ? value.toFixed(2) : '–'
}

/** A rate as a whole number, a ratio with two places. */
export function figure(value: number): string {
  return value >= 1_000 ? round(value) : number(value)
}

export function round(value: number | null): string {
  return value !== null && Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–'
}
