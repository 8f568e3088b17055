/** Text that is HTML already. Only {@link html} makes it. */
export interface Html {
  readonly markup: string
}

type Content = string | number | Html | readonly Html[]

/** A template whose every insertion is escaped, unless it came out of such a template itself. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const markup = strings.map((piece, index) => {
    const content = contents[index]
    return content === undefined ? piece : piece + render(content)
  })
  return { markup: markup.join('') }
}

function render(content: Content): string {
  if (typeof content === 'string' || typeof content === 'number') return escapeText(String(content))
  return 'markup' in content ? content.markup : content.map(({ markup }) => markup).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
