// The console knows nothing that the API does not say. Text goes into the page as text, never as markup.
const element = (id) => document.getElementById(id)
const state = { tenant: '', user: null, cursor: null }

async function call(path) {
  const response = await fetch(path, {
    headers: { accept: 'application/json', 'x-actor': 'service:console' },
  })
  const body = await response.json()
  if (response.ok) return body
  throw new Error(body.code === undefined ? `HTTP ${response.status}` : `${body.detail} ${body.remedy}`)
}

const tenantPath = (rest) => `/v1/tenants/${encodeURIComponent(state.tenant)}${rest}`

function show(id, rows, columns) {
  const body = element(id)
  const lines = rows.map((row) => line(columns(row)))
  body.replaceChildren(...(lines.length > 0 ? lines : [emptyLine()]))
}

function line(cells) {
  const row = document.createElement('tr')
  for (const cell of cells) {
    const data = document.createElement('td')
    data.textContent = typeof cell === 'object' && cell !== null ? cell.text : String(cell ?? '')
    if (typeof cell === 'object' && cell !== null) data.className = cell.style
    row.append(data)
  }
  return row
}

function emptyLine() {
  const row = line(['nothing here'])
  row.className = 'empty'
  return row
}

const time = (instant) => instant.replace('T', ' ').replace(/\.\d+Z$/, '')

async function showUsers({ more }) {
  const cursor = more && state.cursor !== null ? `&cursor=${encodeURIComponent(state.cursor)}` : ''
  const { items, nextCursor } = await call(tenantPath(`/users?limit=20${cursor}`))
  const lines = items.map((user) => {
    const row = line([user.displayName ?? '(no name)', user.kind, user.status, user.version])
    row.tabIndex = 0
    const open = () => void guarded(() => showUser(user, row))
    row.addEventListener('click', open)
    row.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') open()
    })
    return row
  })
  if (more) element('users').append(...lines)
  else element('users').replaceChildren(...(lines.length > 0 ? lines : [emptyLine()]))
  state.cursor = nextCursor
  element('more-users').hidden = nextCursor === null
}

async function showUser(user, row) {
  for (const other of element('users').children) other.removeAttribute('aria-selected')
  row?.setAttribute('aria-selected', 'true')
  state.user = user
  element('user').hidden = false
  element('user-title').textContent = user.displayName ?? '(no name)'
  const [identities, presence, bindings] = await Promise.all([
    call(tenantPath(`/users/${user.id}/external-identities`)),
    call(tenantPath(`/users/${user.id}/tenant-accounts`)),
    call(tenantPath('/application-bindings')),
  ])
  showFacts([
    ['id', user.id],
    ['status', `${user.status}, version ${user.version}`],
    ...identities.items.map(({ issuer, subject }) => ['signs in', `${subject} at ${issuer}`]),
  ])
  await showMemberships(presence.items)
  await showApplications(bindings.items)
}

function showFacts(facts) {
  element('facts').replaceChildren(
    ...facts.flatMap(([name, value]) => {
      const [term, data] = [document.createElement('dt'), document.createElement('dd')]
      term.textContent = name
      data.textContent = value
      return [term, data]
    }),
  )
}

async function showMemberships(tenantAccounts) {
  const items = []
  for (const { id, status } of tenantAccounts) {
    items.push(`tenant account ${status}`)
    const { items: memberships } = await call(tenantPath(`/tenant-accounts/${id}/memberships`))
    for (const { group, role } of memberships) items.push(`${role} in ${group}`)
  }
  element('memberships').replaceChildren(
    ...items.map((text) => {
      const item = document.createElement('li')
      item.textContent = text
      return item
    }),
  )
}

async function showApplications(bindings) {
  const select = element('application')
  const before = select.value
  const options = await Promise.all(
    bindings.map(async ({ applicationId }) => {
      const { name } = await call(tenantPath(`/applications/${applicationId}`))
      return new Option(name, applicationId)
    }),
  )
  select.replaceChildren(...options)
  if (bindings.some(({ applicationId }) => applicationId === before)) select.value = before
  await showProfile()
}

async function showProfile() {
  const applicationId = element('application').value
  if (applicationId === '') return show('profile', [], () => [])
  const query = `applicationId=${applicationId}&audience=tenant-administrator`
  const { attributes, missing } = await call(tenantPath(`/users/${state.user.id}/profile?${query}`))
  const rows = [...attributes, ...missing.map((key) => ({ key, origin: 'missing', provenance: null }))]
  show('profile', rows, ({ key, value, origin, provenance }) => [
    key,
    value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value),
    origin === 'missing' ? { text: 'required, not set', style: 'failed' } : origin,
    provenance === null ? '' : `${provenance.source} (${provenance.actor.type} ${provenance.actor.id})`,
  ])
}

async function showRecords() {
  const [audit, events] = await Promise.all([
    call(tenantPath('/audit-records?order=newest-first&limit=20')),
    call(tenantPath('/outbox-events?limit=20')),
  ])
  show('audit', audit.items, ({ occurredAt, actor, action, target, outcome, reason }) => [
    time(occurredAt),
    `${actor.type} ${actor.id}`,
    action,
    `${target.type} ${target.id}`,
    { text: reason === null ? outcome : `${outcome}: ${reason}`, style: outcome },
  ])
  show('events', events.items, ({ event, state: progress }) => [
    time(event.occurredAt),
    event.type,
    `${event.aggregateType} ${event.aggregateId}`,
    { text: progress, style: progress },
  ])
}

async function showReadiness() {
  const response = await fetch('/readyz')
  const { status, checks } = await response.json()
  const target = element('readiness')
  target.textContent = status
  target.dataset.status = status
  target.title = checks
    .filter((check) => check.status !== 'pass')
    .map((check) => check.summary)
    .join('\n')
}

async function openTenant(tenant) {
  state.tenant = tenant
  state.cursor = null
  element('user').hidden = true
  history.replaceState(null, '', `?tenant=${encodeURIComponent(tenant)}`)
  await showUsers({ more: false })
  await showRecords()
}

async function guarded(work) {
  const problem = element('problem')
  try {
    await work()
    problem.hidden = true
  } catch (error) {
    problem.textContent = error.message
    problem.hidden = false
  }
}

element('tenant-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void guarded(() => openTenant(element('tenant').value))
})
element('more-users').addEventListener('click', () => void guarded(() => showUsers({ more: true })))
element('application').addEventListener('change', () => void guarded(showProfile))
element('reload').addEventListener('click', () => void guarded(showRecords))

const tenant = new URLSearchParams(location.search).get('tenant') ?? 'demo'
element('tenant').value = tenant
await guarded(async () => {
  await showReadiness()
  await openTenant(tenant)
})
