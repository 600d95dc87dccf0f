/** Bugs in what lies between a server and workers elsewhere. */
import { Channel, decodeServerFrame, decodeWorkerFrame } from "@perdure/wire";
import type { Bug, Planted } from "./bug.ts";

type Method<N extends "attach" | "receive"> = (typeof Channel.prototype)[N];

/** Replaces methods of all channels until the simulation is over. */
function bentChannel(bend: {
  readonly receive?: (receive: Method<"receive">) => Method<"receive">;
  readonly attach?: (attach: Method<"attach">) => Method<"attach">;
}): Planted {
  const { prototype } = Channel;
  // oxlint-disable-next-line typescript/unbound-method -- called on the channel it is asked of
  const { attach, receive } = prototype;
  prototype.attach = bend.attach?.(attach) ?? attach;
  prototype.receive = bend.receive?.(receive) ?? receive;
  return { remove: () => void Object.assign(prototype, { attach, receive }) };
}

/** Takes whatever comes for what comes next. */
function unnumbered(receive: Method<"receive">): Method<"receive"> {
  return function take(this: Channel<never>, frame, bytes) {
    const seq = frame.messages.length === 0 ? frame.seq : this.received + 1;
    receive.call(this, { ...frame, seq }, bytes);
  };
}

export const resumeForgets: Bug = {
  name: "resume-forgets",
  harm: "what was on its way when a connection broke is never sent again",
  withinSeeds: 40,
  workers: "stream",
  plant: () => {
    const sent = new WeakMap<object, number>();
    return bentChannel({
      receive: unnumbered,
      attach: (attach) =>
        function forget(this: Channel<never>, pipe, received, window) {
          const counting = (frame: Uint8Array): void => {
            sent.set(this, Math.max(sent.get(this) ?? 0, lastIn(frame)));
            pipe(frame);
          };
          attach.call(this, counting, Math.max(received, sent.get(this) ?? 0), window);
        },
    });
  },
};

/** The number of its last message. */
function lastIn(bytes: Uint8Array): number {
  const { seq, messages } = decoded(bytes);
  return seq + messages.length - 1;
}

function decoded(bytes: Uint8Array): {
  readonly seq: number;
  readonly messages: readonly unknown[];
} {
  try {
    return decodeServerFrame(bytes);
  } catch {
    return decodeWorkerFrame(bytes);
  }
}

export const noNonces: Bug = {
  name: "no-nonces",
  harm: "a push request that a proxy sent twice is worked off twice",
  withinSeeds: 60,
  workers: "push",
  plant: () => ({ nonces: { claim: () => true } }),
};
