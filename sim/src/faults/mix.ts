/**
 * Which faults a seed has, and how often. Each seed switches a random part of them off (swarm
 * testing, Groce et al. 2012): a fault that is always there can hide what another one would show.
 *
 * Probabilities are per occasion (a commit, a message), rates are per virtual second.
 */
import type { Prng } from "../world/prng.ts";

export interface FaultMix {
  readonly commitAbort: number;
  /** The commit took effect, and nobody was told. */
  readonly commitAmbiguousDone: number;
  /** The commit did not take effect, and nobody was told. */
  readonly commitAmbiguousLost: number;
  readonly readFails: number;
  readonly storeDelayMs: number;
  readonly storeStall: number;
  readonly nodeCrash: number;
  /** A new node opens the store while the old one still runs; among several, one more joins. */
  readonly nodeZombie: number;
  readonly nodePause: number;
  readonly workerCrash: number;
  readonly workerPause: number;
  /** A connection between worker and node breaks; both live on. */
  readonly linkCut: number;
  readonly linkDelayMs: number;
  /** A connection between two nodes breaks. */
  readonly peerCut: number;
  /** One end of it is not told. */
  readonly peerHalfOpen: number;
  /** One direction of it says nothing for a while. */
  readonly peerSilence: number;
  /** A node does not reach the store for a while. */
  readonly storeCut: number;
  readonly clientDrop: number;
  readonly clientDuplicate: number;
  readonly clockJump: number;
  readonly stepFails: number;
  readonly cancel: number;
  readonly terminate: number;
  readonly pause: number;
  readonly fork: number;
  /** A frame of a stream comes in pieces, and what follows it waits. */
  readonly slowDrip: number;
  /** One end of a broken connection is not told. */
  readonly halfOpen: number;
  /** One direction of a stream says nothing for a while. */
  readonly oneWay: number;
  /** All streams break, and for a while each new one does soon. */
  readonly reconnectStorm: number;
  /** A push request reaches no app. */
  readonly pushRequestLost: number;
  /** The app has done the work, and nobody hears of it. */
  readonly pushResponseLost: number;
  /** A proxy sends a request twice. */
  readonly pushDuplicate: number;
  /** An answer ends before its end. */
  readonly pushTruncated: number;
  readonly pushSlow: number;
  /** A request is late, and others overtake it. */
  readonly pushReorder: number;
}

export type Fault = keyof FaultMix;

/** What can be switched off, and the most of it. */
const most: FaultMix = {
  commitAbort: 0.05,
  commitAmbiguousDone: 0.05,
  commitAmbiguousLost: 0.05,
  readFails: 0.05,
  storeDelayMs: 40,
  storeStall: 0.02,
  nodeCrash: 0.25,
  nodeZombie: 0.2,
  nodePause: 0.2,
  workerCrash: 0.4,
  workerPause: 0.4,
  linkCut: 0.3,
  linkDelayMs: 60,
  peerCut: 0.3,
  peerHalfOpen: 0.5,
  peerSilence: 0.3,
  storeCut: 0.15,
  clientDrop: 0.2,
  clientDuplicate: 0.2,
  clockJump: 0.2,
  stepFails: 0.4,
  cancel: 0.15,
  terminate: 0.05,
  pause: 0.15,
  fork: 0.1,
  slowDrip: 0.03,
  halfOpen: 0.3,
  oneWay: 0.3,
  reconnectStorm: 0.1,
  pushRequestLost: 0.05,
  pushResponseLost: 0.05,
  pushDuplicate: 0.05,
  pushTruncated: 0.05,
  pushSlow: 0.05,
  pushReorder: 0.1,
};

export const noFaults: FaultMix = Object.fromEntries(
  Object.keys(most).map((name) => [name, 0]),
) as unknown as FaultMix;

/**
 * How many of the faults a seed has. `single`: one, twice as often as it is among others, so that
 * it meets a world that is otherwise well; `quiet`: none.
 */
export const styles = ["many", "few", "single", "quiet"] as const;
export type Style = (typeof styles)[number];

export interface Drawn {
  readonly style: Style;
  readonly mix: FaultMix;
}

/** `asked`: in place of the style that would be drawn. */
export function drawFaults(prng: Prng, asked?: Style): Drawn {
  const style = asked ?? drawStyle(prng.fork("style").float());
  switch (style) {
    case "many":
      return { style, mix: drawMany(prng) };
    case "few": {
      const drawn = prng.fork("few");
      const off = faults.filter(() => drawn.chance(0.75));
      return { style, mix: without(drawMany(prng), off) };
    }
    case "single": {
      const fault = prng.fork("single").pick(faults);
      return { style, mix: { ...noFaults, [fault]: most[fault] * 2 } };
    }
    case "quiet":
      return { style, mix: noFaults };
  }
}

/** Of hundred seeds 65 have many, 17 few, 13 a single one, 5 none. */
function drawStyle(float: number): Style {
  if (float < 0.65) return "many";
  if (float < 0.82) return "few";
  return float < 0.95 ? "single" : "quiet";
}

function drawMany(prng: Prng): FaultMix {
  const drawn = Object.entries<number>({ ...most }).map(([name, highest]): [string, number] => {
    const isOn = prng.chance(0.6);
    return [name, isOn ? highest * (0.1 + 0.9 * prng.float()) : 0];
  });
  return Object.fromEntries(drawn) as unknown as FaultMix;
}

/** All of them; those that are no deeds but a length of time. */
export const faults: readonly Fault[] = Object.keys(most) as Fault[];
export const delays: readonly Fault[] = ["storeDelayMs", "linkDelayMs"];

export function without(mix: FaultMix, off: readonly string[]): FaultMix {
  const left = Object.entries(mix).map(([name, amount]): [string, number] => [
    name,
    off.includes(name) ? 0 : (amount as number),
  ]);
  return Object.fromEntries(left) as unknown as FaultMix;
}

/** All faults by the name under which they are counted when they fire. */
const quiet: readonly string[] = ["storeDelayMs", "linkDelayMs", "stepFails", "peerHalfOpen"];
export const faultMarks: readonly string[] = Object.keys(most)
  .filter((name) => !quiet.includes(name))
  .map((name) => `fault: ${name}`);

/** The faults that a mix has, for people. */
export function describeFaults(mix: FaultMix): string {
  const on = Object.entries(mix).filter(([, amount]) => (amount as number) > 0);
  return on.map(([name, amount]) => `${name}=${(amount as number).toFixed(3)}`).join(" ");
}
