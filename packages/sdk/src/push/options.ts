/** What `pushHandler` takes. */
import type { NonceStore } from "@perdure/wire";
import type { LogSink } from "../ctx/log.ts";
import type { Tracer } from "../runtime/tracer.ts";
import type { Definitions } from "../worker/registry.ts";

export interface PushOptions extends Definitions {
  /**
   * The endpoint's keys, as `perdure push put` and `perdure push rotate` printed them: a list, or one
   * text with spaces or commas between them. While keys change, both are given.
   */
  readonly keys?: string | readonly string[];
  /**
   * Takes requests signed with the key that everybody knows, for work on one machine: only under a
   * loopback name, and never beside `keys`.
   */
  readonly insecure?: boolean;
  /** The endpoint's id; requests for another one are refused. Default: not looked at. */
  readonly endpoint?: string;
  /** Where used nonces are kept; default: in this process's memory. */
  readonly nonces?: NonceStore;
  /** How far the server's clock may be off; default: 5 minutes. */
  readonly windowMs?: number;
  /** The build that runs here: shown in `workers list`, and what runs are pinned to. */
  readonly version?: string;
  /** `pin`: a run stays on the version that began it. `pinned`: takes no others. Default: `move`. */
  readonly versioning?: "move" | "pin" | "pinned";
  /**
   * Runs whose code stays in memory between exchanges, so that the next one brings the news only; the
   * journal is sent whole where it did not stay. Default: 1,000; 0 for runtimes that forbid one
   * request to go on with what another began (Cloudflare Workers).
   */
  readonly keepRuns?: number;
  /** The platform sends an answer in one piece, when it is whole. Default: false. */
  readonly isBuffered?: boolean;
  /** Default: warnings and errors to the console. */
  readonly log?: LogSink;
  readonly tracer?: Tracer;
}
