/** For stores that keep a log of segments: what their writer knows of it by heart. */
export { refusal } from "./admission.ts";
export type { LinkRow } from "./links.ts";
export { bytesOf, holdsAll, Log, type Head, type Owner, type Placed, type Tail } from "./log.ts";
export { eventsOf, type RawStream } from "./raw-stream.ts";
