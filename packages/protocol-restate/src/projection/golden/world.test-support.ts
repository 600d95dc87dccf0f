/**
 * Runs and keys on the kernel's own machines, in memory: what is told is decided at once, with all
 * that follows from it, as one commit. Any past moment can be had again.
 */
import {
  decide,
  keyMachine,
  keyStream,
  machineOf,
  runMachine,
  runId,
  runStream,
  slotOfKey,
  wantsActivation,
  type ActivationAnswer,
  type Envelope,
  type KeyEventBody,
  type KeyMessage,
  type KeyRef,
  type KeyState,
  type Payload,
  type Recorded,
  type RunEvent,
  type RunId,
  type RunMessage,
  type RunSpec,
  type RunState,
  type StreamId,
} from "@perdure/kernel";

type KeyEvent = KeyEventBody & Recorded;
type Happened =
  | { readonly stream: StreamId; readonly kind: "run"; readonly event: RunEvent }
  | { readonly stream: StreamId; readonly kind: "key"; readonly event: KeyEvent };

export type Commit = readonly Happened[];

interface Run {
  readonly state: RunState;
  readonly events: RunEvent[];
}

export class World {
  now = 1_700_000_000_000;
  readonly commits: Commit[] = [];
  readonly #runs = new Map<StreamId, Run>();
  readonly #keys = new Map<StreamId, KeyState>();
  readonly #watchers = new Set<() => void>();

  /** The world as it was after so many commits. */
  static after(commits: readonly Commit[]): World {
    const world = new World();
    for (const commit of commits) {
      world.commits.push(commit);
      for (const happened of commit) {
        world.#fold(happened);
        world.now = Math.max(world.now, happened.event.at);
      }
    }
    return world;
  }

  tell(to: StreamId, message: Envelope["message"]): void {
    const commit: Happened[] = [];
    const queue: Envelope[] = [{ to, message }];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const effects = this.#decide(next, commit);
      for (const effect of effects) if (effect.type === "send") queue.push(effect);
    }
    if (commit.length === 0) return;
    this.commits.push(commit);
    for (const watcher of this.#watchers) watcher();
  }

  start(spec: Omit<RunSpec, "runId" | "namespace" | "queue">, key?: KeyRef): RunId {
    const id = runId(this.now, key ? slotOfKey(key) : 7, "0123456789abcdef");
    const full: RunSpec = { ...spec, runId: id, namespace: "n", queue: "restate" };
    if (key === undefined) this.tell(runStream(id), { type: "run.start", spec: full });
    else {
      const started = { ...full, key };
      const mode = spec.mode ?? "single";
      const rules = { mode, reuse: "reject", conflict: "fail" } as const;
      this.tell(keyStream(key), { type: "key.start", spec: started, ...rules });
    }
    return id;
  }

  answer(id: RunId, answer: ActivationAnswer): void {
    this.tell(runStream(id), { type: "run.answer", answer });
  }

  journal(id: RunId): readonly RunEvent[] {
    return this.#run(runStream(id)).events;
  }

  run(id: RunId): RunState {
    return this.#run(runStream(id)).state;
  }

  entries(key: KeyRef): ReadonlyMap<string, Payload> {
    return this.#key(keyStream(key)).entries;
  }

  /** Runs whose code may go on. */
  wanting(): RunId[] {
    const runs = [...this.#runs.values()].map(({ state }) => state).filter(wantsActivation);
    return runs.flatMap(({ spec }) => (spec ? [spec.runId] : []));
  }

  /** Moves the clock to the next alarm; false: there is none. */
  ring(): boolean {
    const alarms = [
      ...[...this.#runs].map(([at, run]) => ({ at, wakeAt: runMachine.wakeAt(run.state) })),
      ...[...this.#keys].map(([at, key]) => ({ at, wakeAt: keyMachine.wakeAt(key) })),
    ].flatMap(({ at, wakeAt }) => (wakeAt === undefined ? [] : [{ at, wakeAt }]));
    const [next] = alarms.toSorted((a, b) => a.wakeAt - b.wakeAt);
    if (next === undefined) return false;
    this.now = Math.max(this.now, next.wakeAt);
    this.tell(next.at, { type: "wake" });
    return true;
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #decide({ to, message }: Envelope, commit: Happened[]) {
    if (machineOf(to) === "run") {
      const run = this.#run(to);
      const { events, effects } = decide(runMachine, run.state, message as RunMessage, this.now);
      run.events.push(...events);
      commit.push(...events.map((event) => ({ stream: to, kind: "run", event }) as const));
      return effects;
    }
    const { events, effects } = decide(keyMachine, this.#key(to), message as KeyMessage, this.now);
    commit.push(...events.map((event) => ({ stream: to, kind: "key", event }) as const));
    return effects;
  }

  #fold(happened: Happened): void {
    if (happened.kind === "key") {
      return keyMachine.evolve(this.#key(happened.stream), happened.event);
    }
    const run = this.#run(happened.stream);
    runMachine.evolve(run.state, happened.event);
    run.events.push(happened.event);
  }

  #run(stream: StreamId): Run {
    const run = this.#runs.get(stream) ?? { state: runMachine.initial(), events: [] };
    this.#runs.set(stream, run);
    return run;
  }

  #key(stream: StreamId): KeyState {
    const key = this.#keys.get(stream) ?? keyMachine.initial();
    this.#keys.set(stream, key);
    return key;
  }
}
