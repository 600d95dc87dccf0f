/** Bugs in what lies between a server and workers elsewhere. */
import { invariant } from "@perdure/kernel";
import { Channel, decodeServerFrame, decodeWorkerFrame } from "@perdure/wire";
import type { Bug, Planted } from "./bug.ts";

type Method<N extends "attach" | "receive"> = (typeof Channel.prototype)[N];

/** Replaces methods of all channels until the simulation is over. */
function bentChannel(bend: {
  readonly receive?: (receive: Method<"receive">) => Method<"receive">;
  readonly attach?: (attach: Method<"attach">) => Method<"attach">;
  readonly received?: (received: number, channel: object) => number;
}): Planted {
  const { prototype } = Channel;
  // oxlint-disable-next-line typescript/unbound-method -- called on the channel it is asked of
  const { attach, receive } = prototype;
  prototype.attach = bend.attach?.(attach) ?? attach;
  prototype.receive = bend.receive?.(receive) ?? receive;
  const received = Object.getOwnPropertyDescriptor(prototype, "received");
  invariant(received !== undefined, "a channel says what it has received");
  const counted = Object.defineProperty({}, "received", received);
  Object.defineProperty(prototype, "received", {
    ...received,
    get(this: Channel<never>): number {
      const count = Reflect.get(counted, "received", this) as number;
      return bend.received?.(count, this) ?? count;
    },
  });
  return {
    remove: () => {
      Object.assign(prototype, { attach, receive });
      Object.defineProperty(prototype, "received", received);
    },
  };
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
  withinSeeds: 200,
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

/**
 * Two guards at once: a greeting says what has been taken, so that nothing of it is sent again, and
 * what is sent again is known by its number. With either of them left nobody suffers.
 */
export const frameTwice: Bug = {
  name: "frame-twice",
  harm: "what has been taken is sent again over a new connection, and worked off again",
  withinSeeds: 200,
  workers: "stream",
  plant: () => {
    /** Of each channel: messages that it has taken more than once. */
    const again = new WeakMap<object, number>();
    return bentChannel({
      // The other side knows nothing of what was counted twice.
      received: (count, channel) => count - (again.get(channel) ?? 0),
      receive: (receive) =>
        function take(this: Channel<never>, frame, bytes) {
          const before = again.get(this) ?? 0;
          const known = this.received - frame.seq + 1;
          const repeated = Math.max(0, Math.min(known, frame.messages.length));
          again.set(this, before + repeated);
          receive.call(this, { ...frame, seq: frame.seq + before + repeated }, bytes);
        },
      attach: (attach) =>
        function tell(this: Channel<never>, pipe, _received, window) {
          const honest = (frame: Uint8Array): void => {
            pipe(withAck(frame, (ack) => ack - (again.get(this) ?? 0)));
          };
          attach.call(this, honest, 0, window);
        },
    });
  },
};

const ARRAY32_BYTES = 5;
/** Of an integer in msgpack, by its first byte; any other one is the integer itself. */
const intBytes: Readonly<Record<number, number>> = { 0xcc: 1, 0xcd: 2, 0xce: 4 };

/** A frame with another acknowledgement: `[seq, ack, ...messages]` behind a head of fixed length. */
function withAck(frame: Uint8Array, change: (ack: number) => number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const at = ARRAY32_BYTES + 1 + (intBytes[view.getUint8(ARRAY32_BYTES)] ?? 0);
  const size = intBytes[view.getUint8(at)] ?? 0;
  let ack = size === 0 ? view.getUint8(at) : 0;
  for (let i = 1; i <= size; i++) ack = ack * 256 + view.getUint8(at + i);
  const told = new Uint8Array([0xce, 0, 0, 0, 0]);
  new DataView(told.buffer).setUint32(1, change(ack));
  return Buffer.concat([frame.subarray(0, at), told, frame.subarray(at + 1 + size)]);
}

export const noNonces: Bug = {
  name: "no-nonces",
  harm: "a push request that a proxy sent twice is worked off twice",
  withinSeeds: 200,
  workers: "push",
  plant: () => ({ nonces: { claim: () => true } }),
};
