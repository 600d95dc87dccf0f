import { vi } from "vitest";

/** Until it no longer throws: how long that takes says nothing on a machine that is busy. */
export function eventually<T>(isSo: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(isSo, { timeout: 30_000, interval: 20 });
}
