/** JSON from strangers, and values with payloads in it. */
import type { Json } from "@perdure/kernel";
import { errorFromJson, fromJson, parseJson, toJson } from "@perdure/wire";
import { isDeepStrictEqual } from "node:util";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutateJson } from "../mutate-json.ts";
import type { Random } from "../random.ts";
import { accepted, type Target } from "../target.ts";

const samples: readonly Json[] = [
  {
    workflow: "returns",
    queue: "default",
    input: { encoding: "json", text: '{"order": 7}' },
    key: { kind: "workflow", id: "return-7" },
    attributes: { customer: "c-7", amount: 12.5, tags: ["a", "b"] },
    signal: { name: "go", payload: { value: { by: "somebody" } } },
  },
  {
    events: [
      { seq: 1, at: 1_700_000_000_000, kind: "run.started", spec: { input: { value: null } } },
      {
        seq: 2,
        at: 1_700_000_000_001,
        kind: "step.completed",
        key: "charge#2",
        output: { encoding: "binary", data: "AAECAw==", metadata: { key: "k-1" } },
      },
    ],
  },
  { at: 7, overrides: { charge: { value: 1 }, refund: { encoding: "json", text: "2" } } },
  { error: { code: "conflict", message: "Say it differently.", detail: { runId: "r" } } },
];

export const jsonTarget: Target = {
  name: "json",
  share: 3,
  run(random, show) {
    const bytes = inputOf(random);
    show(new TextDecoder().decode(bytes));
    const json = parseJson(bytes, "the body");
    errorFromJson(json);
    const value = fromJson(json as never, "the body");
    // What was taken can be said again, and means the same.
    const again = fromJson(toJson(value), "the body");
    if (!isDeepStrictEqual(again, value)) throw new Error("the value did not survive a round trip");
    return accepted;
  },
};

function inputOf(random: Random): Uint8Array {
  const text = JSON.stringify(mutateJson(random, random.pick(samples)));
  const bytes = new TextEncoder().encode(text);
  return random.chance(0.3) ? mutateBytes(random, bytes) : bytes;
}
