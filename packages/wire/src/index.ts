/** `@perdure/wire`: what travels between processes, bounded. It does no I/O. */
export * from "./api/operations.ts";
export * from "./calls/index.ts";
export * from "./json/error.ts";
export * from "./json/parse.ts";
export * from "./json/payload.ts";
export * from "./json/transfer.ts";
export * from "./json/values.ts";
export * from "./limits.ts";
export * from "./push/index.ts";
export * from "./signature/index.ts";
export * from "./trace-context.ts";
export * from "./frames/channel.ts";
export * from "./frames/codec.ts";
export type * from "./frames/messages.ts";
export { PROTOCOL } from "./frames/messages.ts";
export type { Source } from "./frames/outbox.ts";
export * from "./frames/pulse.ts";
export { pageFrom, pagesOf, weightOfEvents } from "./frames/pages.ts";
