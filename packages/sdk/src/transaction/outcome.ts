/** Names a row of `perdure_outcomes`. */
export interface OutcomeKey {
  readonly runId: string;
  readonly key: string;
}

/** Works with the transaction's connection; its result is the step's. */
export type TransactionBody = (tx: unknown) => unknown;

/** JSON text, or null for `undefined`. */
export function toText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function fromText(text: unknown): unknown {
  return typeof text === "string" ? JSON.parse(text) : undefined;
}
