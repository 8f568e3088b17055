/** Why nothing could be judged, as one sentence that says what to change. The command line ends with 2. */
export class CannotJudge extends Error {
  override readonly name = 'CannotJudge'
}
