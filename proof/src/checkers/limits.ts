/** How much a checker takes on: what is longer may take longer than anybody waits. */
export const limits = {
  /** Of one history that is to be linearized. */
  linearizableOperations: 100,
  /** That the search remembers before it gives up. */
  linearizableStates: 100_000,
} as const;
