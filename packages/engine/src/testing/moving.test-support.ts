/** Moves between disks in memory, whose process may die at any call. */
import { MemoryStore, type Disk, type Faults, type Store } from "@perdure/store";
import { createCalendar } from "../calendar.ts";
import { abandonMove, type Abandoned } from "../move/abandon.ts";
import { moveStore, type Moved, type MoveOptions } from "../move/move.ts";
import type { StoreSource } from "../move/store-end.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

export interface Way {
  readonly from: Disk;
  readonly to: Disk;
  readonly faults?: Faults;
  readonly env?: VirtualEnv;
  readonly options?: Partial<MoveOptions>;
}

export function move({ from, to, faults, env = new VirtualEnv(3), options }: Way): Promise<Moved> {
  const calendar = createCalendar();
  return env.run(moveStore({ ...ends(from, to, faults), env, calendar, ...options }));
}

export function abandon({ from, to, faults, env = new VirtualEnv(4) }: Way): Promise<Abandoned> {
  return env.run(abandonMove({ ...ends(from, to, faults), env }));
}

/** The n-th call to a store is never answered, and nothing is done any more. */
export function dyingAt(n: number): Faults {
  let calls = 0;
  const pass = <T>(value: T): Promise<T> =>
    ++calls < n ? Promise.resolve(value) : new Promise(() => undefined);
  return {
    call: () => pass(undefined),
    before: () => pass("none" as const),
    after: () => pass("none" as const),
  };
}

/** True: the process died. False: it did all that it had to. */
export async function hasDied(deed: Promise<unknown>): Promise<boolean> {
  try {
    await deed;
    return false;
  } catch (error) {
    if ((error as Error).message === "nothing is left to do, and it is not done") return true;
    throw error;
  }
}

function ends(from: Disk, to: Disk, faults: Faults | undefined) {
  return {
    from: source("the old store", from, faults),
    to: source("the new store", to, faults),
  };
}

function source(name: string, disk: Disk, faults: Faults | undefined): StoreSource {
  const open = (): Promise<Store> => Promise.resolve(new MemoryStore(disk, faults));
  return { name, open };
}
