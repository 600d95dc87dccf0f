/** Limits of the service protocol's frames by name, in the unit that ends the name. */
export const messageLimits = {
  /** The body of one frame: larger ones end the attempt. */
  frameBytes: 33_554_432,
  /** How deep what an invocation awaits may be nested. */
  futureDepth: 1_000,
} as const;
