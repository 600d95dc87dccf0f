/** What workflow code tells the load, wherever the code runs. */
import { Latencies, type Latency } from "../latency.ts";

export interface Probe {
  /** The latencies since the last call. */
  take(): Promise<Latency | undefined>;
  /** Resolves when the code of so many jobs has run since the first. */
  jobsDone(count: number): Promise<void>;
  /** Called for each run that is about to wait for its signal. */
  onWaiting(listener: (runId: string) => void): void;
  /** Lets the long run go on; resolves when its step of this index begins, and is held there. */
  goTo(step: number): Promise<void>;
  /** Lets the long run go to its end. */
  letGo(): Promise<void>;
}

/** The probe where the code is. */
export class LocalProbe implements Probe {
  readonly latencies = new Latencies();
  asleep = 0;
  #jobs = 0;
  #jobsWanted = Infinity;
  #jobsDone: () => void = () => undefined;
  #onWaiting: (runId: string) => void = () => undefined;
  #heldAt = Infinity;
  #arrived: () => void = () => undefined;
  #release: () => void = () => undefined;

  async take(): Promise<Latency | undefined> {
    return this.latencies.take();
  }

  async jobsDone(count: number): Promise<void> {
    if (this.#jobs >= count) return;
    await new Promise<void>((resolve) => {
      this.#jobsWanted = count;
      this.#jobsDone = resolve;
    });
  }

  jobDone(): void {
    if (++this.#jobs === this.#jobsWanted) this.#jobsDone();
  }

  onWaiting(listener: (runId: string) => void): void {
    this.#onWaiting = listener;
  }

  waiting(runId: string): void {
    this.#onWaiting(runId);
  }

  async goTo(step: number): Promise<void> {
    const arrived = new Promise<void>((resolve) => void (this.#arrived = resolve));
    this.#heldAt = step;
    this.#release();
    await arrived;
  }

  async letGo(): Promise<void> {
    this.#heldAt = Infinity;
    this.#release();
  }

  /** The long run passes here with each step; undefined: it may go on at once. */
  pass(step: number): Promise<void> | undefined {
    if (step !== this.#heldAt) return undefined;
    const released = new Promise<void>((resolve) => void (this.#release = resolve));
    this.#arrived();
    return released;
  }
}
