/** Long lists, cut so that each piece fits into a message. */
import type { Command, Payload, RunEvent } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";

/** A page is full at it, or at its number of items. */
const PAGE_BYTES = 262_144;

/** Bytes that they take encoded, roughly: what has no payload is small. */
export function weightOfEvents(events: readonly RunEvent[]): number {
  let sum = 0;
  for (const event of events) sum += weightOf(event);
  return sum;
}

/** `count` items from `from` fit into one page; one does at least, if one is there. */
export function pageFrom(
  items: readonly (RunEvent | Command)[],
  from: number,
  max: number,
): number {
  let bytes = 0;
  let count = 0;
  while (count < max && from + count < items.length) {
    const item = items[from + count];
    bytes += item === undefined ? 0 : weightOf(item);
    if (count > 0 && bytes > PAGE_BYTES) break;
    count++;
  }
  return count;
}

/** The items in pages; nearly always one. */
export function pagesOf<T extends RunEvent | Command>(
  items: readonly T[],
  max: number = wireLimits.pageEvents,
): readonly (readonly T[])[] {
  const first = pageFrom(items, 0, max);
  if (first === items.length) return [items];
  const pages = [items.slice(0, first)];
  for (let from = first; from < items.length;) {
    const count = pageFrom(items, from, max);
    pages.push(items.slice(from, from + count));
    from += count;
  }
  return pages;
}

/** Where events and commands keep what may be long. */
interface MayBeLong {
  readonly output?: Payload;
  readonly payload?: Payload;
  readonly value?: Payload;
  readonly details?: Payload;
  readonly input?: Payload;
  readonly failure?: Inner;
  readonly spec?: Inner;
  readonly target?: Inner;
  readonly message?: Inner | string;
  readonly outcome?: Inner;
}
type Inner = MayBeLong & { readonly stack?: string; readonly cause?: Inner };

function weightOf(item: RunEvent | Command): number {
  return 128 + weigh(item as Inner, 0);
}

function weigh(item: Inner, depth: number): number {
  const { output, payload, value, details, input, message } = item;
  let sum = lengthOf(output) + lengthOf(payload) + lengthOf(value);
  sum += lengthOf(details) + lengthOf(input) + 3 * (item.stack?.length ?? 0);
  if (typeof message === "string") sum += 3 * message.length;
  if (depth > 8) return sum;
  for (const inner of [item.failure, item.spec, item.target, item.outcome, item.cause]) {
    if (inner !== undefined) sum += weigh(inner, depth + 1);
  }
  if (typeof message === "object") sum += weigh(message, depth + 1);
  return sum;
}

function lengthOf(payload: Payload | undefined): number {
  return payload?.data?.length ?? 0;
}
