/** The oracle under test, and beside other stores in `agree`. */
import { Disk } from "../memory/disk.ts";
import { MemoryStore, type Faults } from "../memory/memory-store.ts";
import type { CommitFault, Harness } from "./harness.ts";

export class MemoryHarness implements Harness {
  readonly #disk: Disk;
  #fault: CommitFault | undefined;
  readonly #faults: Faults = {
    before: () => {
      if (this.#fault === undefined || this.#fault === "applied") return Promise.resolve("none");
      return Promise.resolve(this.#take() === "abort" ? "abort" : "ambiguous");
    },
    after: () => Promise.resolve(this.#take() === undefined ? "none" : "ambiguous"),
  };
  store: MemoryStore;

  constructor(partitions?: number) {
    this.#disk = new Disk(partitions);
    this.store = new MemoryStore(this.#disk, this.#faults);
  }

  reopen(): Promise<void> {
    this.store = new MemoryStore(this.#disk, this.#faults);
    return Promise.resolve();
  }

  second(): Promise<MemoryStore> {
    return Promise.resolve(new MemoryStore(this.#disk));
  }

  failNext(fault: CommitFault): void {
    this.#fault = fault;
  }

  dispose(): Promise<void> {
    return this.store.close();
  }

  #take(): CommitFault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }
}
