export { createNatsSink, type NatsSinkOptions } from './nats-sink.ts'
export { natsSubjectOf } from './nats-subject.ts'
