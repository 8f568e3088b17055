/** Texts that look alike and are different: case, accent, trailing space, normal form, width. */
export const LOOKALIKES = [
  'resume',
  'Resume',
  'RESUME',
  'r\u00e9sum\u00e9',
  're\u0301sume\u0301',
  'r\u00e9sum\u00e9 ',
  'resume ',
  ' resume',
  'resume\u00a0',
  'resume\u200b',
  'r\u0435sume',
  '\uff52esume',
] as const
