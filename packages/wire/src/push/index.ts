export { decodePushFrame, decodePushRequest, encodePushFrame, encodePushRequest } from "./codec.ts";
export type * from "./messages.ts";
