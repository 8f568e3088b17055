/** A text, and the place for it in a document: between the comments `<!-- name:begin -->` and `<!-- name:end -->`. */
export interface PlacedBlock {
  /** What the document is called, for whoever has to mend it. */
  readonly document: string
  /** What the document says now. */
  readonly current: string
  readonly name: string
  readonly text: string
}

/** The document with the text in its place. @throws Error when it has not exactly one place of this name. */
export function placeBlock({ document, current, name, text }: PlacedBlock): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const [before, rest, ...more] = current.split(begin)
  const [, after, ...others] = (rest ?? '').split(end)
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0)
    throw new Error(`${document} must have ${begin} and ${end} once each, in this order.`)
  return `${before}${begin}\n\n${text}\n\n${end}${after}`
}
