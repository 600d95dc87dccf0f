/** A stage for incidents: an engine and a worker in virtual time, on a disk that outlives them. */
import { execFileSync } from "node:child_process";
import { isRunId, type Explanation, type RunId } from "@perdure/kernel";
import { Disk, MemoryStore, type Store } from "@perdure/store";
import { testParts, type TestOptions, type TestParts } from "../testing/test-environment.ts";

export interface Told {
  readonly explanation: Explanation;
  readonly now: number;
  /** What the rest of the act showed: the state after the cure. */
  readonly after?: string;
}

export class Scene {
  readonly disk: Disk;
  readonly parts: TestParts;

  private constructor(disk: Disk, parts: TestParts) {
    this.disk = disk;
    this.parts = parts;
  }

  static async open(options: TestOptions = {}, disk: Disk = new Disk(4)): Promise<Scene> {
    const store: Store = options.store ?? new MemoryStore(disk);
    return new Scene(disk, await testParts({ autoSkip: false, ...options, store }));
  }

  get env(): TestParts["environment"] {
    return this.parts.environment;
  }

  get engine(): TestParts["engine"] {
    return this.parts.engine;
  }

  get perdure(): TestParts["environment"]["perdure"] {
    return this.env.perdure;
  }

  /** Another process, at the same moment, with other code. */
  async restart(options: TestOptions): Promise<Scene> {
    await this.env.close();
    return Scene.open({ startAt: this.env.now, ...options }, this.disk);
  }

  async tell(explanation: Promise<Explanation>): Promise<Told> {
    return { explanation: await explanation, now: this.env.now };
  }

  /** Does what a cure says, as a shell and a command line would. */
  async enact(command: string | undefined): Promise<void> {
    if (command === undefined) throw new Error("there is no command to carry out");
    const [, noun, verb, id = "", ...rest] = wordsOf(command);
    await this.#do(`${noun} ${verb}`, id, rest);
    await this.env.settle();
  }

  async #do(action: string, id: string, [first = ""]: readonly string[]): Promise<void> {
    switch (action) {
      case "runs signal":
        return this.perdure.signal({ runId: id }, first);
      case "runs resolve":
        return this.perdure.resolvePromise(id);
      case "runs resume":
        return this.engine.resume(runIdOf(id));
      case "runs repin":
        return this.engine.repin(runIdOf(id));
      case "runs cancel":
        return this.perdure.cancel({ runId: id });
      case "runs terminate":
        return this.engine.terminate(runIdOf(id));
      case "schedules resume":
        return this.perdure.schedules.resume(id);
      case "events publish":
        return this.perdure.publish(id);
      default:
        throw new Error(`this stage knows no command "${action}"`);
    }
  }

  async status(runId: RunId): Promise<string> {
    return (await this.engine.describe(runId)).row.status;
  }

  async close(): Promise<void> {
    await this.env.close();
  }
}

/** As a POSIX shell splits them. */
export function wordsOf(command: string): string[] {
  const out = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" });
  return out.split("\0").slice(0, -1);
}

function runIdOf(text: string): RunId {
  if (isRunId(text)) return text;
  throw new Error(`${text} is not a run id`);
}

export function commands({ cures }: Pick<Explanation, "cures">): readonly string[] {
  return cures.flatMap(({ command }) => (command === undefined ? [] : [command]));
}
