/** What nodes say to each other, as it meets another node's decoder: cut anywhere, and bent. */
import type { PeerMessage } from "@perdure/engine";
import {
  decodePeerMessage,
  encodePeerMessage,
  frameHead,
  Frames,
  nodeLimits,
} from "@perdure/nodes";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutatePacked } from "../mutate-packed.ts";
import type { Random } from "../random.ts";
import { accepted, type Target } from "../target.ts";

const data = new TextEncoder().encode('{"a":1}');
const messages: readonly PeerMessage[] = [
  { type: "hello", protocol: 2, oldest: 1, from: "a", to: "b" },
  { type: "ping" },
  { type: "tell", word: "mail", body: { from: 0, to: 1, first: 1, messages: [data, data] } },
  { type: "call", id: 7, verb: "ask", body: { verb: "describe", args: ["run", undefined, 5] } },
  { type: "answer", id: 7, body: { status: "running", attributes: { deep: [{ of: null }] } } },
  { type: "failure", id: 8, error: { code: "fenced", message: "no", retry: "now" } },
];
const samples = messages.map(encodePeerMessage);

export const nodesTarget: Target = {
  name: "nodes",
  share: 1,
  run(random, show) {
    const bytes = random.chance(0.2)
      ? stream(random)
      : framed(mutatePacked(random, random.pick(samples)));
    show(bytes);
    const frames = new Frames(nodeLimits.greetingBytes);
    for (let at = 0; at < bytes.length;) {
      const size = random.between(1, bytes.length);
      for (const frame of frames.take(bytes.subarray(at, at + size))) decodePeerMessage(frame);
      at += size;
      // It keeps what has come, whatever was promised.
      if (frames.partial > bytes.length) throw new Error("more is kept than has come");
    }
    return accepted;
  },
};

function stream(random: Random): Uint8Array {
  const count = random.between(1, 4);
  const whole = Array.from({ length: count }, () => framed(random.pick(samples)));
  return mutateBytes(random, new Uint8Array(Buffer.concat(whole)));
}

function framed(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([frameHead(bytes.length), bytes]));
}
