/**
 * Whether a case is too new to count. A case that came with a feature or fix release is advisory until the next breaking
 * release, so that nobody's checks turn red over an update that promised to break nothing. Before 1.0.0 every minor
 * release may break.
 *
 * @throws TypeError when a version is not three numbers.
 */
export function isAdvisory(since: string | undefined, kitVersion: string): boolean {
  if (since === undefined) return false
  const [born, kit] = [parseVersion(since), parseVersion(kitVersion)]
  return born.line === kit.line && !born.opensLine
}

function parseVersion(version: string): { readonly line: string; readonly opensLine: boolean } {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined) throw new TypeError(`${version} is not a version of three numbers.`)
  return major === '0'
    ? { line: `0.${minor}`, opensLine: patch === '0' }
    : { line: major, opensLine: minor === '0' && patch === '0' }
}
