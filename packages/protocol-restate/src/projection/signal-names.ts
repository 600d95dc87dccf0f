/**
 * Restate's signals have an index or a name; the kernel's have a name. `#17` is an index, and a name
 * that begins with `#` gets another one in front.
 */
import type { SignalId } from "../messages/messages.ts";

/** The signal that cancels; in the kernel it is a request, no signal. */
export const CANCEL_INDEX = 1;

export function signalName(signal: SignalId): string {
  if (signal.type === "index") return indexedSignal(signal.index);
  return signal.name.startsWith("#") ? `#${signal.name}` : signal.name;
}

/** An awakeable's. */
export function indexedSignal(index: number): string {
  return `#${index}`;
}

const indexed = /^#(\d{1,10})$/;

export function signalOf(name: string): SignalId {
  const index = indexed.exec(name)?.[1];
  if (index !== undefined) return { type: "index", index: Number(index) };
  return { type: "name", name: name.startsWith("##") ? name.slice(1) : name };
}
