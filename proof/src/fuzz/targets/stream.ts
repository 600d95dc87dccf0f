/**
 * A live worker stream: a good greeting, then bent frames over a real socket. The server may take
 * them or end the connection with a reason; it goes on serving others, and writes nothing for runs
 * that this worker does not hold.
 */
import { PerdureError } from "@perdure/kernel";
import { decodeServerFrame } from "@perdure/wire";
import { WebSocket } from "ws";
import { mutatePacked } from "../mutate-packed.ts";
import type { Random } from "../random.ts";
import { accepted, type Target, type Verdict } from "../target.ts";
import { openVictim, type Victim } from "./victim.ts";
import { frameOf, hello, talk } from "./worker-talk.ts";

export async function streamTarget(): Promise<Target> {
  const victim = await openVictim();
  return {
    name: "stream",
    share: 0.1,
    run: (random, show) => converse(victim, random, show),
    close: () => victim.close(),
  };
}

async function converse(
  victim: Victim,
  random: Random,
  show: (input: unknown) => void,
): Promise<Verdict> {
  const before = await victim.settled();
  const greeting = frameOf(0, { ...hello, worker: `w-${random.between(0, 1e9)}` } as typeof hello);
  const isRude = random.chance(0.3);
  const frames = isRude ? [mutatePacked(random, greeting)] : [greeting, ...bentTalk(random)];
  show(frames);
  const heard = await say(victim, frames);
  const after = await victim.settled();
  if (after !== before)
    throw new Error(`${after - before} events written by a worker without runs`);
  if (!(await isServing(victim))) throw new Error("the server serves nobody any more");
  if (heard.refusal === undefined) return accepted;
  const { code, message } = heard.refusal;
  throw new PerdureError(code, message);
}

function bentTalk(random: Random): Uint8Array[] {
  const count = random.between(1, 3);
  return Array.from({ length: count }, (_, at) =>
    mutatePacked(random, frameOf(at + 1, random.pick(talk))),
  );
}

interface Heard {
  readonly refusal: PerdureError | undefined;
}

/** Says it all, and listens until the server has ended the connection or answered a ping. */
async function say(victim: Victim, frames: readonly Uint8Array[]): Promise<Heard> {
  const url = `${victim.url.replace("http", "ws")}/v1/workers/stream`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${victim.key}` } });
  let refusal: PerdureError | undefined;
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
    socket.on("pong", () => resolve());
  });
  socket.on("message", (bytes: Buffer) => {
    for (const message of decodeServerFrame(new Uint8Array(bytes)).messages) {
      if (message.type !== "refused") continue;
      refusal = new PerdureError(message.error.code, message.error.message);
    }
  });
  socket.on("open", () => {
    for (const frame of frames) socket.send(frame);
    socket.ping();
  });
  await ended;
  socket.terminate();
  return { refusal };
}

async function isServing(victim: Victim): Promise<boolean> {
  const response = await fetch(`${victim.url}/healthz`);
  await response.body?.cancel();
  return response.ok;
}
