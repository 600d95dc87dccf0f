/**
 * Every limit of what travels between processes, in the unit that ends the name. Each is tested at
 * its value and one past it. What a run may hold is in the kernel's `limits`.
 */
export const wireLimits = {
  /** A request's body, and an answer's as a client takes it: a payload of 4 MiB as base64 fits. */
  jsonBytes: 8_388_608,
  /** `JSON.parse` takes any depth, and what walks the value afterwards does not. */
  jsonDepth: 64,
} as const;
