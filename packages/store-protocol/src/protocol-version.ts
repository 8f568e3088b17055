/**
 * The version of this contract. A store states the version it implements; the conformance kit states the
 * versions it can certify. It grows when a rule becomes stricter or a method is added, never for a typo.
 */
export const PROTOCOL_VERSION = 1 as const

export type ProtocolVersion = typeof PROTOCOL_VERSION
