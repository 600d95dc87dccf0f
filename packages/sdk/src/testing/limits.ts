/** Limits of the check and the crash test, each tested at its value and one past it. */
export const testingLimits = {
  /** Operations that code may ask for past its journal before it is taken for a loop without end. */
  asksPastJournal: 10_000,
  /** Ids of runs that a group of equal differences names. */
  groupRuns: 20,
  /** Events shown on each side of a difference. */
  eventsAround: 3,
  /** Journals that cannot be read, shown one by one. */
  unreadableShown: 20,
  /** Runs of one page when journals are read live. */
  livePageRuns: 100,
  livePageEvents: 1_000,

  /** Scenarios of one crash test, unless it says otherwise. */
  scenarios: 1_000,
  /** Timers that one scenario may wait for. */
  timersPerScenario: 5_000,
  /** Answers that one scenario gives. */
  answers: 100,
  /** Attempts after which a step that goes on failing is taken for one without end. */
  attempts: 25,
  /** Real time that a step's function may take without anything else going on. */
  stepMs: 10_000,
} as const;
