/** Who stands at a door: found out by the server, before a door is asked anything. */
import type { EngineClient } from "@perdure/engine";

export interface DoorCaller {
  /** Everything that the caller's namespace may do, and nothing beyond it. */
  readonly engine: EngineClient;
  readonly namespace: string;
  readonly by: string;
  /** Counts a request that waits. Throws `overloaded`. Absent: whoever wants may wait. */
  readonly stay?: () => Stay;
}

export interface Stay {
  /** Ends when the caller has gone or is no longer welcome, or when the server closes. */
  readonly signal: AbortSignal;
  readonly leave: () => void;
}
