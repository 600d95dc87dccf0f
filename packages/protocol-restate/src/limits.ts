/** Every limit of the adapter by name, in the unit that ends the name. Each is tested at its value and one past it. */
export const restateLimits = {
  /** Deployments of one namespace. */
  deployments: 1_000,
  /** What one manifest may list. */
  deploymentServices: 1_000,
  serviceHandlers: 1_000,
  /** `<service>.<handler>` is a workflow's name, whose limit is the kernel's. */
  serviceNameChars: 160,
  handlerNameChars: 95,
  uriChars: 2_048,
  /** Headers that go to a deployment with every request, and words that people keep beside it. */
  deploymentHeaders: 50,
  deploymentHeaderChars: 8_192,
  deploymentMetadata: 50,
  deploymentMetadataChars: 1_024,
  /** What names an invocation in a body. */
  targetBytes: 65_536,
  /** One deployment with its manifest, as it is kept. */
  deploymentBytes: 4_194_304,

  /** A query in SQL, how many wait for their turn, and what one may take. */
  sqlChars: 65_536,
  sqlQueue: 32,
  sqlMs: 10_000,
  sqlReadMs: 20_000,
  /** What one query reads and answers; past it, it is refused. */
  sqlInvocations: 100_000,
  /** Of invocations, where more than their row is asked for. */
  sqlJournals: 5_000,
  sqlJournalEvents: 500_000,
  sqlKeys: 5_000,
  sqlEntries: 100_000,
  sqlRows: 100_000,
  sqlBytes: 33_554_432,

  /** The body of a request to the admin API. */
  adminBodyBytes: 33_554_432,
} as const;
