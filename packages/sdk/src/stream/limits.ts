/** Every limit of the worker's side of the stream, in the unit that ends the name. */
export const streamLimits = {
  /** Outcomes that are kept until the server has shown that it has them. */
  keptOutcomes: 10_000,
  keptBytes: 67_108_864,
  /** Between attempts to connect: doubled from the first to the last, and cut by chance. */
  reconnect: { firstMs: 100, longestMs: 10_000 },
  /** A local step that runs for so long is told of, for `why`; and so many of one worker. */
  longStepMs: 2_000,
  longSteps: 1_000,
  /** From dialling to the welcome. */
  welcomeMs: 10_000,
  /** Of a refusal's body. */
  refusalBytes: 16_384,
} as const;
