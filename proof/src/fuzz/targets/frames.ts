/** Frames of the worker stream and messages of push, as their decoders meet them. */
import { runId } from "@perdure/kernel";
import {
  decodePushFrame,
  decodePushRequest,
  decodeServerFrame,
  decodeWorkerFrame,
  encodePushFrame,
  encodePushRequest,
} from "@perdure/wire";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutatePacked } from "../mutate-packed.ts";
import { accepted, type Target } from "../target.ts";
import { frameOf, talk } from "./worker-talk.ts";

const frames = [...talk.map((message) => frameOf(1, message)), frameOf(3, ...talk)];

export const framesTarget: Target = {
  name: "frames",
  share: 4,
  run(random, show) {
    const bytes = mutatePacked(random, random.pick(frames));
    show(bytes);
    if (random.chance(0.1)) decodeServerFrame(bytes);
    else decodeWorkerFrame(bytes);
    return accepted;
  },
};

const id = runId(1_700_000_000_000, 7, "0123456789abcdef");
const data = new TextEncoder().encode('{"a":1}');
const payload = { encoding: "json", data };

const requests = [
  encodePushRequest({ type: "describe" }),
  encodePushRequest({
    type: "exchange",
    runId: id,
    hold: "h-1",
    after: 0,
    events: [{ kind: "timer.fired", key: "t", seq: 1, at: 1_700_000_000_000 }],
    asks: [{ kind: "query", id: "q", name: "state", input: payload }],
  }),
];

const answers = [
  ...encodePushFrame({ type: "alive" }),
  ...encodePushFrame({ type: "answered", id: "q", output: payload }),
  ...encodePushFrame({ type: "result", result: { type: "completed", output: payload } }),
  ...encodePushFrame({ type: "end", keeps: true }),
];

export const pushTarget: Target = {
  name: "push",
  share: 1,
  run(random, show) {
    const isRequest = random.chance(0.5);
    const sample = random.pick<Uint8Array>(isRequest ? requests : answers);
    // A request is a row of pieces behind their lengths, so its bytes are bent.
    const bytes = isRequest ? mutateBytes(random, sample) : mutatePacked(random, sample);
    show(bytes);
    if (isRequest) decodePushRequest(bytes);
    else decodePushFrame(bytes);
    return accepted;
  },
};
