/**
 * Every limit of what travels between processes, in the unit that ends the name. Each is tested at
 * its value and one past it. What a run may hold is in the kernel's `limits`.
 */
export const wireLimits = {
  /** A request's body, and an answer's as a client takes it: a payload of 4 MiB as base64 fits. */
  jsonBytes: 8_388_608,
  /** `JSON.parse` takes any depth, and what walks the value afterwards does not. */
  jsonDepth: 64,

  /** One frame of a push answer, and the whole body of a push request: a journal and its payloads. */
  pushFrameBytes: 16_777_216,
  pushBodyBytes: 67_108_864,
  /** How far the clocks of server and app may be apart: a signed request is good for so long. */
  pushWindowMs: 300_000,
  /** Nonces that a process of an app remembers: over 400 requests a second for twice the window. */
  pushNonces: 250_000,
} as const;
