export * from "./codec.ts";
export type * from "./messages.ts";
export { CALLS_PROTOCOL } from "./messages.ts";
export { OutgoingCalls } from "./outgoing.ts";
