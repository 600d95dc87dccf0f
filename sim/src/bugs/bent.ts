/** Bends single methods and leaves the rest as it is. */
import type { Worker, WorkerHost, WorkerOptions, WorkerSession } from "@perdure/engine";
import type { Store } from "@perdure/store";

/** An object whose own methods come first, with all others of the original. */
function bent<T extends object>(original: T, changes: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      const value: unknown = Reflect.get(name in changes ? changes : target, name, target);
      return typeof value === "function" && !(name in changes)
        ? (value as (...args: never) => unknown).bind(target)
        : value;
    },
  });
}

export function bentStore(store: Store, changes: Partial<Store>): Store {
  return bent(store, changes);
}

export function bentWorker(worker: Worker, changes: Partial<Worker>): Worker {
  return bent(worker, changes);
}

export function bentHost(
  host: WorkerHost,
  register: (worker: Worker, options: WorkerOptions) => WorkerSession,
): WorkerHost {
  return bent(host, { register });
}
