// What the same store is judged by under every runner: a pass, a failure, a skip and a waived failure.
import type { ConformanceTestOptions } from '../conformance-tests.ts'

const WAIVER = { reason: 'known', link: 'https://tracker.example/7', expires: '2999-12-31' }

export const SHALLOW_SELECTION = {
  rules: ['SHP-04', 'VER-01', 'LIF-03', 'MIG-03'],
  seed: 7,
  waivers: [
    { rule: 'MIG-03', ...WAIVER },
    { rule: 'MIG-05', ...WAIVER },
  ],
} as const satisfies ConformanceTestOptions
