import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'

const FILES = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/console.css', file: 'console.css', type: 'text/css; charset=utf-8' },
  { url: '/console.js', file: 'console.js', type: 'text/javascript; charset=utf-8' },
] as const

/** Serves the console: three static files that use the same API as everybody. */
export function serveConsole(app: FastifyInstance): void {
  for (const { url, file, type } of FILES) {
    const content = readFileSync(new URL(file, import.meta.url))
    app.get(url, { schema: { hide: true }, logLevel: 'warn' }, (_, reply) =>
      reply
        .type(type)
        .header('content-security-policy', "default-src 'self'; frame-ancestors 'none'; base-uri 'none'")
        .header('x-content-type-options', 'nosniff')
        .send(content),
    )
  }
}
