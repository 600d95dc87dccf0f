/** What every door to the route table is built of, whichever way its calls come. */
import type { EngineClient } from "@perdure/engine";
import type { Caller } from "../access/caller.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Admission } from "./admission.ts";
import type { AttendParts } from "./attend.ts";
import type { RegisteredRoute } from "./route.ts";

export interface DoorParts extends AttendParts {
  readonly routes: readonly RegisteredRoute[];
  readonly admission: Admission;
  readonly within: (caller: Caller) => EngineClient;
  /** Ends when the server begins to close. */
  readonly closing: AbortSignal;
  readonly tracing: Pick<Tracing, "begin">;
}
