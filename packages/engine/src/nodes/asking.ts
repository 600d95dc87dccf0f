/**
 * What other nodes ask of this one. It is done as for a caller of its own: nodes trust each other,
 * and whoever asked has passed the walls where he asked.
 */
import { PerdureError } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { NodeVerbs } from "./node-verbs.ts";
import type { PeerTalk } from "./peers.ts";
import { ways, type AnyVerb, type Args, type Gathered } from "./ways.ts";

/** One of the node's verbs, with its arguments. */
export interface Asked {
  readonly verb: keyof NodeVerbs;
  readonly args: readonly unknown[];
  /** Who asks, for the journal of what is asked. */
  readonly by?: string;
}

/** Of a verb that may take long: not yet, or done. */
export type LongAnswer = { readonly isDone: false } | { readonly isDone: true; answer: unknown };

/** A wait for a long verb ends after so long, and is begun again by whoever waits. */
const WAIT_MS = 5_000;

/** What any node may ask of another beside what has a way. */
const gathered: { readonly [V in Gathered]: true } = {
  startMany: true,
  workers: true,
  versions: true,
  list: true,
  count: true,
  listSchedules: true,
  delayedKeys: true,
  gauges: true,
  flush: true,
};

/** `own`: what this node does itself, in the name of whoever asks. */
export function answerPeers(env: Env, peers: PeerTalk, own: (by?: string) => NodeVerbs): void {
  const carryOut = async ({ verb, args, by }: Asked): Promise<unknown> => {
    if (!(verb in ways) && !(verb in gathered)) throw unknownVerb(verb);
    return (own(by)[verb] as AnyVerb)(...args);
  };
  const waits = new Map<string, Promise<unknown>>();
  peers.answer("ask", carryOut);
  peers.answer("wait", async (asked) => {
    const name = JSON.stringify([asked.verb, nameOf(asked)]);
    let wait = waits.get(name);
    if (wait === undefined) {
      wait = carryOut(asked);
      waits.set(name, wait);
      const forget = (): void => void waits.delete(name);
      wait.then(forget, forget);
    }
    return waited(env, wait);
  });
}

/** What makes two waits the same one: so those that are begun again do not add up. */
function nameOf({ verb, args }: Asked): unknown {
  if (verb !== "update") return args;
  const [target, , , id] = args as Args<"update">;
  return [target, id];
}

async function waited(env: Env, wait: Promise<unknown>): Promise<LongAnswer> {
  const late = Promise.withResolvers<LongAnswer>();
  const cancel = env.after(WAIT_MS, () => late.resolve({ isDone: false }));
  try {
    return await Promise.race([
      wait.then((answer) => ({ isDone: true as const, answer })),
      late.promise,
    ]);
  } finally {
    cancel();
  }
}

function unknownVerb(verb: string): PerdureError {
  const text = `The node that was asked does not know "${verb}": bring all nodes to one version.`;
  return new PerdureError("unavailable", text);
}
