/** Several stores, each with a harness of its own, put to the contract as the databases of one. */
import { SpreadStore } from "../spread/spread-store.ts";
import type { Store } from "../store.ts";
import type { CommitFault, Harness } from "./harness.ts";

export class SpreadHarness implements Harness {
  readonly #parts: readonly Harness[];
  #fault: CommitFault | undefined;
  #store: Store | undefined;

  private constructor(parts: readonly Harness[]) {
    this.#parts = parts;
  }

  static async make(parts: readonly Harness[]): Promise<SpreadHarness> {
    const harness = new SpreadHarness(parts);
    harness.#store = await harness.#open();
    return harness;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error("the harness is not open");
    return this.#store;
  }

  async reopen(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.reopen()));
    this.#store = await this.#open();
  }

  async second(): Promise<Store> {
    const stores = await Promise.all(this.#parts.map(async (part) => part.second?.()));
    return together(stores.filter((store) => store !== undefined));
  }

  failNext(fault: CommitFault): void {
    this.#fault = fault;
  }

  async corrupt(name: string): Promise<void> {
    await Promise.all(this.#parts.map(async (part) => part.corrupt?.(name)));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.dispose()));
  }

  #open(): Promise<Store> {
    return together(this.#parts.map((part) => this.#failing(part)));
  }

  /** The next commit goes wrong wherever it goes. */
  #failing(part: Harness): Store {
    const { store } = part;
    const commit: Store["commit"] = (batches) => {
      const fault = this.#fault;
      this.#fault = undefined;
      if (fault !== undefined) part.failNext?.(fault);
      return store.commit(batches);
    };
    return new Proxy(store, {
      get(target, name) {
        if (name === "commit") return commit;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function"
          ? (value as (...args: never) => unknown).bind(target)
          : value;
      },
    });
  }
}

function together(stores: readonly Store[]): Promise<Store> {
  return SpreadStore.open(stores, () => "under test");
}
