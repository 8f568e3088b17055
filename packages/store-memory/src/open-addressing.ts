/**
 * Places of a hash table with linear probing: two numbers each, a hash and the number of what has it; 0 is that there is
 * none. Both lie in one array, so that a look-up reads one place of it and goes on to what it wants, or to nothing.
 */
export type Places = Int32Array

/** No place at all: what is empty takes no memory. */
export const NO_PLACES: Places = new Int32Array(2)

const FIRST_PLACES = 8

/** Whether one more would leave no free place: a look-up ends at one. Half of the places stay free. */
export function isFull(places: Places, size: number): boolean {
  return (size + 1) * 4 > places.length
}

/** Twice as many places, with all that is in the given ones. */
export function grow(former: Places): Places {
  const places = new Int32Array(Math.max(former.length * 2, FIRST_PLACES * 2))
  for (let from = 0; from < former.length; from += 2) {
    const number = former[from + 1] as number
    if (number === 0) continue
    put(places, former[from] as number, number)
  }
  return places
}

/** Takes a free place for what is not there. */
export function put(places: Places, hash: number, number: number): void {
  const last = places.length - 2
  let at = (hash * 2) & last
  while (places[at + 1] !== 0) at = (at + 2) & last
  places[at] = hash
  places[at + 1] = number
}

/** Empties a place, and moves up what stands behind it only because it was taken. */
export function empty(places: Places, emptied: number): void {
  const last = places.length - 2
  let gap = emptied
  for (let at = (gap + 2) & last; places[at + 1] !== 0; at = (at + 2) & last) {
    const wanted = ((places[at] as number) * 2) & last
    if (((at - wanted) & last) < ((at - gap) & last)) continue
    places[gap] = places[at] as number
    places[gap + 1] = places[at + 1] as number
    gap = at
  }
  places[gap + 1] = 0
}

const PRIME = 0x01000193

/** FNV-1a over every other character twice: each half waits for its own last step only. */
export function hashOf(text: string): number {
  const { length } = text
  let one = 0x811c9dc5
  let other = length
  let index = 0
  for (; index + 1 < length; index += 2) {
    one = Math.imul(one ^ text.charCodeAt(index), PRIME)
    other = Math.imul(other ^ text.charCodeAt(index + 1), PRIME)
  }
  if (index < length) one = Math.imul(one ^ text.charCodeAt(index), PRIME)
  return mix(one, other)
}

/** One hash of two. FNV leaves the low bits, which choose the place, to the low bits of the characters. */
export function mix(one: number, other: number): number {
  let hash = one ^ Math.imul(other, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return hash ^ (hash >>> 15)
}
