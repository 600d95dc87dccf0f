/** `@perdure/protocol-restate/protocol`: the service protocol without a wire, for who tests it. */
export { awakeableId } from "./ids/awakeable-id.ts";
export { invocationId, parseInvocationId } from "./ids/invocation-id.ts";
export { encodeFrame, FrameReader } from "./messages/frames.ts";
export type * from "./messages/messages.ts";
export { isResolved, suspensionOf } from "./projection/awaiting.ts";
export { commandsOf, type Asked } from "./projection/commands.ts";
export { endOf } from "./projection/ending.ts";
export { entriesOf, type Entries } from "./projection/replay.ts";
export type { JournalState, ProjectionContext, Refusal } from "./projection/state.ts";
