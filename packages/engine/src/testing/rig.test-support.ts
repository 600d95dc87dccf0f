/** An engine on a disk in memory, in a virtual world, with scripted workers. */
import type { Outcome, RunEvent, RunId } from "@perdure/kernel";
import { Disk, MemoryStore, type Store } from "@perdure/store";
import { createCalendar } from "../calendar.ts";
import type { StartRequest, Started } from "../client.ts";
import type { Tuning } from "../core/options.ts";
import { Engine } from "../engine.ts";
import { text, textOf } from "./payloads.test-support.ts";
import { ScriptedWorker, type WorkerChoices } from "./scripted-worker.test-support.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

type Faults = ConstructorParameters<typeof MemoryStore>[1];

export interface RigChoices {
  readonly disk?: Disk;
  readonly faults?: Faults;
  readonly tuning?: Partial<Tuning>;
  readonly env?: VirtualEnv;
  readonly store?: (store: MemoryStore) => Store;
}

export class Rig {
  readonly env: VirtualEnv;
  readonly disk: Disk;
  readonly store: Store;
  engine!: Engine;
  stopped: Error | undefined;
  readonly #memory: MemoryStore;
  readonly #tuning: Partial<Tuning>;

  constructor(choices: RigChoices = {}) {
    this.env = choices.env ?? new VirtualEnv();
    this.disk = choices.disk ?? new Disk(4);
    this.#memory = new MemoryStore(this.disk, choices.faults);
    this.store = choices.store?.(this.#memory) ?? this.#memory;
    this.#tuning = choices.tuning ?? {};
  }

  static async open(choices: RigChoices = {}): Promise<Rig> {
    const rig = new Rig(choices);
    rig.engine = await rig.env.run(
      Engine.open({
        store: rig.store,
        env: rig.env,
        calendar: createCalendar(),
        tuning: rig.#tuning,
        onStop: (reason) => {
          rig.stopped = reason;
        },
      }),
    );
    return rig;
  }

  /** The process dies: nothing of it acts any more. What comes next starts from the disk alone. */
  async die(choices: Omit<RigChoices, "disk"> = {}): Promise<Rig> {
    this.env.kill();
    await this.#memory.close();
    return Rig.open({ tuning: this.#tuning, env: new VirtualEnv(7), ...choices, disk: this.disk });
  }

  async close(): Promise<void> {
    await this.env.run(this.engine.close());
  }

  worker(choices: WorkerChoices): ScriptedWorker {
    return new ScriptedWorker(choices, (call) => this.env.defer(call)).join(this.engine);
  }

  start(request: Partial<StartRequest> & { workflow: string }): Promise<Started> {
    const base = { namespace: "test", queue: "main", input: text("") };
    return this.env.run(this.engine.start({ ...base, ...request }));
  }

  outcome(runId: RunId): Promise<Outcome> {
    return this.env.run(this.engine.outcome(runId));
  }

  /** The run's output as text. */
  async result(runId: RunId): Promise<string> {
    const outcome = await this.outcome(runId);
    if (outcome.status !== "completed") throw new Error(`the run ended as ${outcome.status}`);
    return textOf(outcome.output);
  }

  journal(runId: RunId): Promise<readonly RunEvent[]> {
    return this.env.run(this.engine.journal(runId));
  }

  async kinds(runId: RunId): Promise<string[]> {
    return (await this.journal(runId)).map(({ kind }) => kind);
  }
}
