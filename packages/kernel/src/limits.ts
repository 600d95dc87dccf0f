/**
 * Every limit of Perdure by name, in the unit that ends the name. Each is tested at its value and
 * one past it.
 */
export const limits = {
  idChars: 512,
  nameChars: 256,
  namespaceChars: 128,
  payloadBytes: 4_194_304,
  attributesBytes: 32_768,
  failureMessageChars: 16_384,
  failureStackChars: 16_384,

  runEvents: 1_000_000,
  /** How far the last event of an imported journal may be ahead of this clock. */
  importAheadMs: 86_400_000,
  runOpenOperations: 10_000,
  runBufferedSignals: 100_000,
  runSignalIds: 1_000,
  runUpdates: 2_000,
  answerCommands: 10_000,

  /** Runs that one call starts, and the bytes of their inputs and signals. */
  startManyRuns: 1_000,
  startManyBytes: 16_777_216,

  keyInbox: 10_000,
  keyStateEntries: 10_000,
  keyPromises: 10_000,
  keyIdempotencyKeys: 1_000,
  /** Calls that wait for one start that has not had its turn. */
  keyListeners: 1_000,
  keyDelayedPerWake: 1_000,
  /** Alarms that are looked through for delayed starts, of one partition, and keys that are found. */
  keysDelayed: 100_000,

  topicWaits: 100_000,
  topicTriggers: 1_000,
  topicRecentEvents: 1_000,
  topicRecentBytes: 16_777_216,
  topicLookBackMs: 86_400_000,

  scheduleSpecs: 100,
  scheduleBuffered: 1_000,
  scheduleBackfill: 1_000,
  scheduleCatchUpPerWake: 100,
  /** The shortest interval of a schedule; cron's is a second too. */
  scheduleEveryMs: 1_000,
  /** Compiled calendars that a node keeps. */
  calendarsCached: 1_000,
  /** A start is not missed for being so late, whatever the catch-up window. */
  scheduleGraceMs: 10_000,
  scheduleRecentStarts: 10,
  scheduleNextTimes: 10,

  /** Runs, keys and starts that one `why` looks at, the run it was asked about included. */
  whyLooks: 64,
  /** How far it follows one chain of runs that wait for each other. */
  whyDepth: 16,
  /** What it tells of a run that waits for many things at once; the rest it counts. */
  whyWaiting: 50,
  /** Names of keys that are looked through for a start that has no run yet. */
  whyKeyNames: 20_000,

  /** One partition's share of a commit. */
  batchEvents: 4_096,
  batchBytes: 8_388_608,
  /** A commit is closed at so many messages, so that the next is computed while it is written. */
  commitMessages: 512,
  /** What is not worth a commit of its own goes with another one, or by itself after so long. */
  patienceMs: 2,
  partitionQueue: 65_536,
  partitions: 4_096,

  /** Streams that a node keeps in memory. */
  liveStreams: 20_000,
  /** A run's journal is kept in memory up to here; a longer one is read from the store. */
  liveJournalEvents: 512,
  liveJournalBytes: 262_144,
  /** A settled run with more events gets a snapshot beside them. */
  snapshotEvents: 1_000,
  /** Index rows, and settled streams, of one commit of housekeeping. */
  tidyStreams: 64,
  /** Alarms of settled streams held in memory, per partition. */
  alarmWindow: 1_000,
  /** Closed runs that are forgotten at once. */
  pruneRuns: 500,
  /** A move between stores: streams at a time, events and long payloads of one, bytes of a commit. */
  moveStreams: 16,
  moveEvents: 1_024,
  moveBlobs: 8,
  moveCommitBytes: 4_194_304,
  /** Streams that a move names when they are in its way; the others it counts. */
  moveNamed: 20,
  /** What a move is told to leave where it is. */
  moveSkips: 1_000,
  workers: 10_000,
  /** What one worker may register: queues, names of workflows and tasks in all of them, labels. */
  workerQueues: 1_000,
  workerNames: 10_000,
  workerLabels: 32,
  workerLabelChars: 256,
  workerSlots: 1_000_000,
  /** Workers that were lost, as a node remembers them, and for how long. */
  lostWorkers: 1_000,
  lostWorkerMs: 900_000,
  /** Queues that an engine's figures list one by one; the others are summed. */
  queueStats: 1_000,
  /** Names of workflows and tasks that a node asks others for at a time; more take turns. */
  demands: 256,
  /** Calls of a node that wait for one other node. */
  peerCalls: 100_000,
  /** Queries and updates waiting for one run. */
  runCalls: 1_000,
  runWatchers: 1_000,
  /** Fields of a request's headers. */
  headers: 100,

  /** Payloads above this live in the content-addressed table. */
  inlinePayloadBytes: 32_768,
  /** How deep a state in a snapshot may be nested. */
  snapshotDepth: 256,
  /** A store gathers its oldest unsettled streams when its log has grown past this. */
  storeLogBytes: 134_217_728,
  /** The same when there are more unsettled streams than this: a store keeps each one's place. */
  storeUnsettledStreams: 200_000,
  /** Index rows wait to be written together until there are so many. */
  storeWaitingRows: 1_024,
  /** What one transaction takes of the commits that wait for it. */
  storeGroupBytes: 16_777_216,
  pageRows: 1_000,
} as const;
