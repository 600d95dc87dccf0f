/**
 * Signals that are sent under an id, and again under it whenever nobody knows, to whichever node.
 *
 * 1. One that was acknowledged is received exactly once, another one at most once.
 * 2. Nothing is received that was not sent.
 * 3. What one sender sent after the acknowledgement of another one is received after it.
 */

export interface SentSignal {
  readonly id: string;
  /** Sends one after the other. */
  readonly sender: string;
  readonly isAcknowledged: boolean;
}

/** `sent` in the order of each sender; `received`: the ids, as the receiver had them. */
export function signals(
  sent: readonly SentSignal[],
  received: readonly string[],
): readonly string[] {
  return [...counts(sent, received), ...order(sent, received)];
}

function* counts(sent: readonly SentSignal[], received: readonly string[]): Generator<string> {
  const times = new Map<string, number>();
  for (const id of received) times.set(id, (times.get(id) ?? 0) + 1);
  const known = new Set(sent.map(({ id }) => id));
  for (const [id, count] of times) {
    if (!known.has(id)) yield `invented: nobody sent ${id}`;
    if (count > 1) yield `doubled: ${id} was received ${count} times`;
  }
  for (const { id, isAcknowledged } of sent) {
    if (isAcknowledged && !times.has(id)) yield `lost: ${id} was acknowledged`;
  }
}

function* order(sent: readonly SentSignal[], received: readonly string[]): Generator<string> {
  const at = new Map(received.map((id, i) => [id, i]));
  for (const own of Map.groupBy(sent, ({ sender }) => sender).values()) {
    let before: { readonly id: string; readonly at: number } | undefined;
    for (const { id, isAcknowledged } of own) {
      const place = at.get(id);
      if (place === undefined) continue;
      if (before !== undefined && place < before.at) {
        yield `order: ${id} was received before ${before.id}, acknowledged earlier`;
      }
      if (isAcknowledged) before = { id, at: place };
    }
  }
}
