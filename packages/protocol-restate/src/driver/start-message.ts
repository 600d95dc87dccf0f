/** The first message of an attempt: who runs, with what state, and how often it was tried. */
import { hash, type Payload, type RunSpec } from "@perdure/kernel";
import type { HandlerView } from "../deployments/deployment.ts";
import { invocationId, invocationIdBytes } from "../ids/invocation-id.ts";
import type { MessageOf, StateEntry } from "../messages/messages.ts";
import { driverLimits } from "./limits.ts";

export interface StartFacts {
  readonly spec: RunSpec;
  readonly handler: HandlerView;
  /** Of the key; undefined: it is not to be sent. */
  readonly entries: ReadonlyMap<string, Payload> | undefined;
  readonly knownEntries: number;
  readonly retryCount: number;
  readonly durationMs: number;
}

/** Plain services have no state, and lazy handlers ask for what they need. */
export function wantsState({ serviceType, settings }: HandlerView, { key }: RunSpec): boolean {
  return key !== undefined && serviceType !== "SERVICE" && !settings.enableLazyState;
}

export function startMessage(facts: StartFacts): MessageOf<"start"> {
  const { spec, entries, knownEntries, retryCount, durationMs } = facts;
  const { runId, key, seed, attributes } = spec;
  const idempotencyKey = attributes?.["idempotencyKey"];
  return {
    type: "start",
    id: invocationIdBytes(runId),
    debugId: invocationId(runId),
    knownEntries,
    ...stateOf(entries),
    key: key?.id ?? "",
    retryCount,
    durationMs,
    randomSeed: seedOf(seed ?? runId),
    ...(typeof idempotencyKey === "string" ? { idempotencyKey } : {}),
  };
}

/** As much as may be sent ahead; the rest the SDK asks for. */
function stateOf(entries: StartFacts["entries"]): {
  readonly state: readonly StateEntry[];
  readonly partialState: boolean;
} {
  if (entries === undefined) return { state: [], partialState: true };
  const state: StateEntry[] = [];
  let bytes = 0;
  for (const [name, { data }] of entries) {
    const key = Buffer.from(name, "utf8");
    bytes += key.length + data.length;
    if (bytes > driverLimits.eagerStateBytes) return { state, partialState: true };
    state.push({ key, value: data });
  }
  return { state, partialState: false };
}

/** The same for every attempt, and for a fork as for its origin. */
function seedOf(text: string): bigint {
  return (BigInt(hash(text, 1)) << 32n) | BigInt(hash(text, 2));
}
