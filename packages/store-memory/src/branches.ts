/** Parts of an index that few values tell apart. Most indexes have one part only, the main branch. */
export interface Branches<Branch> {
  /** The branch with this name, or `undefined` while nothing has been put into it. */
  find(name: string): Branch | undefined
  /** The branch with this name; a new one where there is none. */
  over(name: string): Branch
}

/** The name of the branch of what names none. */
export const MAIN_BRANCH = ''

export function createBranches<Branch>(create: () => Branch): Branches<Branch> {
  return new MainAndOthers(create)
}

class MainAndOthers<Branch> implements Branches<Branch> {
  readonly #create: () => Branch
  readonly #main: Branch
  #others: Map<string, Branch> | null = null

  constructor(create: () => Branch) {
    this.#create = create
    this.#main = create()
  }

  find(name: string): Branch | undefined {
    return name === MAIN_BRANCH ? this.#main : this.#others?.get(name)
  }

  over(name: string): Branch {
    const found = this.find(name)
    if (found !== undefined) return found
    const made = this.#create()
    this.#others ??= new Map()
    this.#others.set(name, made)
    return made
  }
}
