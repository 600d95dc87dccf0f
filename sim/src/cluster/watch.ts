/**
 * Watches what engines hand out and what code does to the outside, and compares it with what is
 * durable.
 *
 * 1. Invariant 1: an event that a worker is given is on disk, and is the one on disk.
 * 2. Whoever runs code that may have run before has been told so (`maybeRan`). Two are beyond what
 *    anybody can know: one whose own hold had ended by then, and one who comes after an engine that
 *    was replaced and had not noticed.
 */
import type { Activation, ClaimedTask, Lease, PeerMessage } from "@perdure/engine";
import type { RunEvent, RunId, StepToken } from "@perdure/kernel";
import type { Surroundings } from "../programs/surroundings.ts";
import { valueOf } from "../load/payloads.ts";
import type { Program } from "../programs/program.ts";
import { mayStray } from "../programs/strays.ts";
import type { Process } from "../world/process.ts";
import type { Parts } from "./parts.ts";
import type { WireEar } from "./peer-wires.ts";
import type { LinkHooks } from "./worker-link.ts";

interface Holder {
  readonly worker: string;
  readonly lease: Lease;
  /**
   * Where its journal has arrived. Until then the place may still be at what it had under an
   * earlier lease.
   */
  at: string | undefined;
}

/** Where code runs, and which of the engine's workers it may run for. */
export interface Place {
  readonly name: string;
  readonly isOf: (worker: string) => boolean;
}

export class Watch implements WireEar {
  readonly #parts: Parts;
  /** Who has each run, as far as the engine that owns it thinks. */
  readonly #holders = new Map<string, Holder>();

  /** While a message that hands out a run to another node's worker arrives. */
  #lent: { readonly isByOwner: boolean; readonly turn: number } | undefined;
  /** Runs are handed out in turns; one that arrives after a later one is over, whoever sent it. */
  #turns = 0;
  readonly #lastTurn = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A run may be lent to a worker of another node: what counts is who lent it, and when. */
  sent(from: string, to: string, message: PeerMessage): (arrive: () => void) => void {
    const { nodes } = this.#parts;
    if (message.type !== "tell" || message.word !== "lending.activate") {
      return (arrive) => {
        nodes.heard(from, to, message);
        arrive();
      };
    }
    const { activation } = message.body as { readonly activation: Activation };
    const isByOwner = this.#parts.shadow.ownerOf(activation.runId) === from;
    const lent = { isByOwner, turn: ++this.#turns };
    return (arrive) => {
      nodes.heard(from, to, message);
      this.#lent = lent;
      arrive();
      this.#lent = undefined;
    };
  }

  hooksFor(worker: string, node: string): LinkHooks {
    const { trace, marks, shadow } = this.#parts;
    return {
      onEvents: (runId, events) => this.#checkDurable(runId, events),
      onHold: ({ runId, lease, through, lostAt }) => {
        if (lostAt > 0) marks.hit("seen: a hold after one that was lost in the middle");
        if (through > 0) marks.hit("seen: code is replayed elsewhere");
        const known = `through ${through}${lostAt > 0 ? `, lost at ${lostAt}` : ""}`;
        trace.note(worker, "is given", `${short(runId)} lease ${lease} ${known}`);
        // A node that has been fenced may still hand out what it believes it has.
        const isOwners = this.#lent?.isByOwner ?? shadow.ownerOf(runId) === node;
        const turn = this.#lent?.turn ?? ++this.#turns;
        if (!isOwners || turn < (this.#lastTurn.get(runId) ?? 0)) return;
        this.#lastTurn.set(runId, turn);
        this.#holders.set(runId, { worker, lease, at: undefined });
      },
      onArrival: (runId, lease) => {
        const holder = this.#holders.get(runId);
        if (holder?.worker === worker && holder.lease === lease) holder.at = worker;
      },
      onHoldOver: (runId, lease) => {
        trace.note(worker, "is evicted", `${short(runId)} lease ${lease}`);
        const holder = this.#holders.get(runId);
        if (holder?.worker === worker && holder.lease === lease) this.#holders.delete(runId);
      },
      onTask: (task) => {
        trace.note(
          worker,
          "is tasked",
          `${short(task.token.runId)} ${task.token.key}@${task.token.attempt}`,
        );
        if (task.maybeRan) marks.hit("seen: task maybeRan");
        this.#checkClaim(worker, task);
      },
      onSettled: (token) => this.#checkSettled(token),
    };
  }

  /** A hold's journal is where its code will run. */
  arrived(runId: RunId, lease: Lease, place: Place): void {
    const holder = this.#holders.get(runId);
    if (holder?.lease === lease && place.isOf(holder.worker)) holder.at = place.name;
  }

  /**
   * An app has taken a request that begins a hold, which it names as its push host does. A late one
   * for a hold that is over takes the place of what the app has for the present one.
   */
  exchanged(runId: RunId, hold: string, place: string): void {
    const holder = this.#holders.get(runId);
    if (holder === undefined) return;
    if (`${holder.worker}/${holder.lease}` === hold) holder.at = place;
    else if (holder.at === place) holder.at = undefined;
  }

  surroundingsFor(place: Place, process: Process): Surroundings {
    const worker = place.name;
    const { ledger, trace, world, marks } = this.#parts;
    return {
      process,
      begin: (work) => {
        const { key, runId, maybeRan, attempt } = work;
        const isStray = this.#isStale(place, work);
        const known = ledger.find(key);
        if (maybeRan) marks.hit("seen: maybeRan");
        const hasRun = known?.executions.some((execution) => !execution.isStray) ?? false;
        if (known && hasRun && !maybeRan && !isStray && !this.#mayStray(runId)) {
          const text = `${known.what} of ${runId} had run before and nobody said so (${worker})`;
          this.#parts.violations.report("maybeRan", text);
        }
        return (what, output) => {
          if (!process.isAlive) return;
          if (!isStray && this.#isStale(place, work)) {
            marks.hit(
              `seen: a lease was lost while ${work.isTask ? "a task" : "a local step"} ran`,
            );
          }
          trace.note(worker, "does", `${what} ${short(runId)} attempt ${attempt}`);
          const execution = { attempt, maybeRan, at: world.now, process: worker, isStray };
          const effect = ledger.act({ key, runId, what, output }, execution);
          if (effect.executions.length > 1) marks.hit("seen: an effect twice, under one key");
        };
      },
    };
  }

  #checkDurable(runId: RunId, events: readonly RunEvent[]): void {
    const journal = this.#parts.shadow.run(runId)?.events;
    for (const { seq, kind, at } of events) {
      const durable = journal?.[seq - 1];
      if (durable?.kind === kind && durable.at === at) continue;
      const text = `a worker was told of ${kind} ${seq} of ${runId}, which is not on disk`;
      return this.#parts.violations.report("1", text);
    }
  }

  #checkClaim(worker: string, { token }: ClaimedTask): void {
    const { runId, key, attempt } = token;
    const isDurable = this.#parts.shadow
      .run(runId)
      ?.events.some(
        (event) =>
          event.kind === "step.started" &&
          event.key === key &&
          event.attempt === attempt &&
          event.worker === worker,
      );
    if (isDurable) return;
    this.#parts.violations.report("1", `${worker} runs ${key}@${attempt} without a durable claim`);
  }

  #checkSettled({ runId, key, attempt }: StepToken): void {
    const isDurable = this.#parts.shadow
      .run(runId)
      ?.events.some(
        (event) =>
          (event.kind === "step.completed" ||
            event.kind === "step.failed" ||
            event.kind === "step.cancelled") &&
          event.key === key &&
          (event.kind === "step.cancelled" || event.attempt === attempt),
      );
    if (isDurable) return;
    const text = `the outcome of ${key}@${attempt} of ${runId} was acknowledged and is not on disk`;
    this.#parts.violations.report("1", text);
  }

  #mayStray(runId: string): boolean {
    const spec = this.#parts.shadow.run(runId)?.state.spec;
    return spec?.workflow === "main" && mayStray(valueOf(spec.input) as Program);
  }

  #isStale(
    place: Place,
    { runId, key, attempt, isTask }: Parameters<Surroundings["begin"]>[0],
  ): boolean {
    if (!isTask) {
      return this.#holders.get(runId)?.at !== place.name;
    }
    const operations = this.#parts.shadow.run(runId)?.state.operations;
    const step = [...(operations?.values() ?? [])].find(
      (operation) => operation.type === "step" && key.endsWith(operation.key),
    );
    if (step?.type !== "step" || step.attempt !== attempt) return true;
    return step.worker === undefined || !place.isOf(step.worker);
  }
}

export function short(runId: string): string {
  return runId.slice(-12);
}
