import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

const GIVEN = [
  'Ada',
  'Grace',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'Alan',
  'Radia',
  'Niklaus',
  'Zoë',
  'Łukasz',
  '美咲',
]
const FAMILY = [
  'Lovelace',
  'Hopper',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Allen',
  'Turing',
  'Perlman',
  'Wirth',
  'Ångström',
  'O’Neil',
  '佐藤',
]
const GROUPS = ['Engineering', 'Research', 'Sales', 'Support', 'Legal & Compliance']
const TITLES = ['Engineer', 'Analyst', 'Director', 'Clerk']
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo']

/** Writes made-up users as SCIM 2.0, one per line, the same ones every time: something to try the import with. */
export async function writeSample(file: string, count: number): Promise<void> {
  const stream = createWriteStream(file, 'utf8')
  for (let index = 0; index < count; index++) {
    if (!stream.write(`${JSON.stringify(sampleUser(index))}\n`)) await once(stream, 'drain')
  }
  stream.end()
  await finished(stream)
}

function sampleUser(index: number): object {
  const pick = <Item>(items: readonly Item[], step = 1) => items[Math.floor(index / step) % items.length]
  const [givenName, familyName] = [pick(GIVEN), pick(FAMILY, GIVEN.length)]
  const userName = `user${index}@example.org`
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    externalId: `employee-${index}`,
    userName,
    name: { givenName, familyName, formatted: `${givenName} ${familyName}` },
    displayName: `${givenName} ${familyName}`,
    title: pick(TITLES, 3),
    userType: 'employee',
    preferredLanguage: 'en-GB',
    timezone: pick(ZONES, 7),
    active: index % 50 !== 49,
    emails: [
      { value: userName, type: 'work', primary: true },
      { value: `u${index}@home.example`, type: 'home' },
    ],
    phoneNumbers: [{ value: `+49 30 ${String(index).padStart(6, '0')}`, type: 'work' }],
    groups: [{ value: `group-${index % GROUPS.length}`, display: pick(GROUPS) }],
    // What real exports sometimes hold, and what must go nowhere.
    password: `secret-of-${index}`,
  }
}
