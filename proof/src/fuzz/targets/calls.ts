/**
 * The socket of calls of a live server: frames of every operation, bent in their bytes, or calls that
 * are bent in what they ask for. The server answers, or ends the connection with a reason; it goes on
 * serving others, says nothing of itself, and writes nothing for what it refuses.
 */
import {
  decodeFromCaller,
  decodeToCaller,
  encodeCallsFrame,
  encodeFromCaller,
  operations,
  type Operation,
  type WireAnswer,
} from "@perdure/wire";
import { WebSocket } from "ws";
import { mutateJson, mutateText } from "../mutate-json.ts";
import { mutatePacked } from "../mutate-packed.ts";
import type { Random } from "../random.ts";
import { accepted, type Target, type Verdict } from "../target.ts";
import { refusedAs } from "./refusal.ts";
import { samplesFor, type Sample } from "./requests.ts";
import { openVictim, type Victim } from "./victim.ts";

const names = Object.keys(operations) as Operation[];

export async function callsTarget(): Promise<Target> {
  const victim = await openVictim();
  const samples = samplesFor(victim.runId);
  return {
    name: "calls",
    share: 0.2,
    run(random, show) {
      const frame = frameFor(random, samples);
      show(frame);
      return exchange(victim, frame);
    },
    close: () => victim.close(),
  };
}

/** One call in a frame, so that what is written is known to be its doing. */
function frameFor(random: Random, samples: Readonly<Record<Operation, Sample>>): Uint8Array {
  const operation = random.pick(names);
  const { params = {}, query = {}, body } = samples[operation];
  const bent = (text: string, chance: number): string =>
    (random.chance(chance) ? mutateText(random, text) : text).toWellFormed();
  const frame = encodeCallsFrame([
    encodeFromCaller({
      type: "call",
      id: random.between(1, 1_000),
      operation: bent(operation, 0.02).slice(0, 64),
      params: Object.fromEntries(
        Object.entries(params).map(([name, value]) => [name, bent(value, 0.2)]),
      ),
      query: bent(new URLSearchParams(query).toString(), 0.2),
      ...(body === undefined ? {} : { body: bent(JSON.stringify(mutateJson(random, body)), 0.1) }),
    }),
  ]);
  return random.chance(0.3) ? mutatePacked(random, frame) : frame;
}

/** Timers ring meanwhile, as in `routes.ts`: what wrote every time was not a timer. */
const WITNESSES = 4;
const mayLeaveATrace: ReadonlySet<string> = new Set(["conflict", "deadline-exceeded"]);

async function exchange(victim: Victim, frame: Uint8Array): Promise<Verdict> {
  for (let witness = 1; ; witness++) {
    const before = await victim.settled();
    const heard = await say(victim, frame);
    const verdict = verdictOn(heard);
    if (verdict.type === "accepted" || mayLeaveATrace.has(verdict.code)) return verdict;
    if (!isRefusedWhole(heard, frame)) return verdict;
    const written = (await victim.settled()) - before;
    if (written === 0) return verdict;
    if (witness === WITNESSES) throw new Error(`${written} events written by what was refused`);
  }
}

type Heard = readonly WireAnswer[] | { readonly closed: number };

/** A frame that is bent may hold a call several times: then one was done before another was refused. */
function isRefusedWhole(heard: Heard, frame: Uint8Array): boolean {
  if (!("closed" in heard)) return heard.every(({ status }) => status >= 400);
  try {
    decodeFromCaller(frame);
    return false;
  } catch {
    return true;
  }
}

/** POLICY of RFC 6455: the frame broke a rule. */
const POLICY = 1008;

function verdictOn(heard: Heard): Verdict {
  if ("closed" in heard) {
    if (heard.closed === POLICY) return { type: "refused", code: "invalid-argument" };
    throw new Error(`the connection ended with ${heard.closed}`);
  }
  const refused = heard.find(({ status }) => status >= 400);
  if (refused === undefined) return accepted;
  return refusedAs(refused.status, refused.body ?? "");
}

const probeId = 1_000_000;
const probe = encodeCallsFrame([
  encodeFromCaller({
    type: "call",
    id: probeId,
    operation: "server.whoami",
    params: {},
    query: "",
  }),
]);
/** What is not answered within it waits for something that will not happen here. */
const PATIENCE_MS = 100;

/** Says it, then something good: what is answered to both, or how the connection ended. */
async function say(victim: Victim, frame: Uint8Array): Promise<Heard> {
  const url = `${victim.url.replace("http", "ws")}${operations["server.calls"].path}`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${victim.key}` } });
  const answers: WireAnswer[] = [];
  let isServed = false;
  const heard = await new Promise<Heard>((resolve, reject) => {
    socket.on("message", (bytes: Buffer) => {
      for (const message of decodeToCaller(bytes)) {
        if (message.type !== "answer") continue;
        if (message.id === probeId) isServed = true;
        else answers.push(message);
      }
      if (isServed && answers.length > 0) resolve(answers);
      else if (isServed) setTimeout(() => resolve(answers), PATIENCE_MS);
    });
    socket.on("open", () => {
      socket.send(frame);
      socket.send(probe);
    });
    socket.on("close", (closed) => resolve({ closed }));
    socket.on("error", reject);
  });
  socket.terminate();
  return heard;
}
