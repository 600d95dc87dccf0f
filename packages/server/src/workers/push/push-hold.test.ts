import type { ActivationAnswer, RunEvent, RunEventBody, RunId } from "@perdure/kernel";
import type { ExchangeRequest, PushFrame } from "@perdure/wire";
import { expect, test } from "vitest";
import { json } from "./push.test-support.ts";
import { PushHold } from "./push-hold.ts";

const spec = {
  runId: "run-1" as RunId,
  namespace: "default",
  queue: "default",
  workflow: "order",
  input: json(null),
} as const;

function journalOf(...bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, i) => ({ ...body, seq: i + 1, at: 1_000 }));
}

const started = { kind: "run.started", spec } as RunEventBody;
const signalled: RunEventBody = { kind: "signal.received", name: "go", id: "1", payload: json(1) };
const stepDone: RunEventBody = {
  kind: "step.completed",
  key: "charge",
  ordinal: 1,
  name: "charge",
  attempt: 1,
  output: json("paid"),
};
const stepAnswer: ActivationAnswer = {
  commands: [
    {
      type: "step.complete",
      key: "charge",
      ordinal: 1,
      name: "charge",
      attempt: 1,
      output: json("paid"),
    },
  ],
};
const timerAnswer: ActivationAnswer = {
  commands: [{ type: "timer.start", key: "sleep", ordinal: 1, fireAt: 2_000 }],
  through: 1,
};
const timerStarted: RunEventBody = {
  kind: "timer.started",
  key: "sleep",
  ordinal: 1,
  fireAt: 2_000,
};

/** A hold on an app that keeps nothing, and gives these answers, one an exchange. */
function open(journal: RunEvent[], answers: ActivationAnswer[], answersAsks = true) {
  const requests: ExchangeRequest[] = [];
  async function* exchange(request: ExchangeRequest): AsyncGenerator<PushFrame> {
    requests.push(request);
    const answer = answers.shift();
    if (answer) yield { type: "answer", answer };
    if (answersAsks)
      for (const { id } of request.asks) yield { type: "answered", id, output: json("here") };
    yield { type: "end", keeps: false };
  }
  const runId = "run-1" as RunId;
  const hold = new PushHold(
    {
      exchange,
      journal: async (_, through) => journal.slice(0, through),
      after: async (_, seq) => journal.slice(seq),
      pause: soon,
      answer: () => undefined,
      failed: (_, failure) => expect.unreachable(failure.message),
    },
    "hold",
    { runId, lease: 1, spec, events: journal.slice(0, 1), through: 0, lostAt: 0 },
  );
  hold.start();
  return { hold, requests };
}

const soon = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("an exchange waits for the steps of the one before it, whatever wakes the run meanwhile", async () => {
  const journal = journalOf(started, signalled, stepDone);
  const { hold, requests } = open(journal, [stepAnswer]);
  await soon();
  hold.deliver(journal.slice(1, 2));
  await soon();
  expect(requests).toHaveLength(1);
  hold.deliver(journal.slice(2));
  await soon();
  expect(requests.map(({ events }) => events.length)).toEqual([1, 3]);
});

test("an exchange waits for everything that was asked for before the code came to rest", async () => {
  const waits: RunEventBody = { kind: "activation.completed", through: 1 };
  const journal = journalOf(started, signalled, timerStarted, waits);
  const { hold, requests } = open(journal, [timerAnswer]);
  await soon();
  hold.deliver(journal.slice(1, 2));
  hold.deliver(journal.slice(2, 3));
  await soon();
  expect(requests).toHaveLength(1);
  hold.deliver(journal.slice(3));
  await soon();
  expect(requests.map(({ events }) => events.length)).toEqual([1, 4]);
});

test("the failure of one attempt is not taken for the end of the next", async () => {
  const failed: RunEventBody = {
    kind: "step.failed",
    key: "charge",
    ordinal: 1,
    name: "charge",
    attempt: 1,
    failure: { code: "Error", message: "no" },
  };
  const second = { ...stepDone, attempt: 2 } as RunEventBody;
  const journal = journalOf(started, failed, signalled, second);
  const commands = stepAnswer.commands.map((command) => ({ ...command, attempt: 2 }));
  const { hold, requests } = open(journal, [{ commands }]);
  await soon();
  hold.deliver(journal.slice(1, 3));
  await soon();
  expect(requests).toHaveLength(1);
  hold.deliver(journal.slice(3));
  await soon();
  expect(requests).toHaveLength(2);
});

test("a question to a paused run is asked, although nothing more of the run is delivered", async () => {
  const paused: RunEventBody = { kind: "run.paused", reason: "operator", message: "later" };
  const journal = journalOf(started, paused, stepDone);
  const { hold, requests } = open(journal, [stepAnswer]);
  await soon();
  const output = await hold.query("state", json(null));
  expect(output).toEqual(json("here"));
  expect(requests.map(({ events, asks }) => [events.length, asks.length])).toEqual([
    [1, 0],
    [3, 1],
  ]);
  hold.deliver(journal.slice(1));
  await soon();
  expect(requests).toHaveLength(2);
});

test("a question to a run that timed out is asked, although its code had asked for more", async () => {
  const ended: RunEventBody = {
    kind: "run.timedOut",
    failure: { code: "deadline-exceeded", message: "too long" },
  };
  const journal = journalOf(started, ended);
  const { hold, requests } = open(journal, [stepAnswer]);
  await soon();
  hold.deliver(journal.slice(1));
  expect(await hold.query("state", json(null))).toEqual(json("here"));
  expect(requests).toHaveLength(2);
});

test("a question that the app says nothing about is not asked for ever", async () => {
  const { hold, requests } = open(journalOf(started), [], false);
  const asked = hold.query("state", json(null));
  await expect(asked).rejects.toMatchObject({ code: "unavailable" });
  await soon();
  expect(requests).toHaveLength(2);
});

test("a run that is resumed still waits for what its code had asked for when it was paused", async () => {
  const paused: RunEventBody = { kind: "run.paused", reason: "operator", message: "later" };
  const journal = journalOf(started, paused, { kind: "run.resumed" }, stepDone);
  const { hold, requests } = open(journal, [stepAnswer]);
  await soon();
  hold.deliver(journal.slice(1, 3));
  await soon();
  expect(requests).toHaveLength(1);
  hold.deliver(journal.slice(3));
  await soon();
  expect(requests.map(({ events }) => events.length)).toEqual([1, 4]);
});

test("an answer that paused the run is not waited for", async () => {
  const failure = { code: "nondeterminism", message: "another step" };
  const refused: RunEventBody = { kind: "activation.failed", attempt: 1, failure };
  const resumed: RunEventBody = { kind: "run.resumed" };
  const journal = journalOf(started, refused, resumed);
  const { hold, requests } = open(journal, [stepAnswer]);
  await soon();
  hold.deliver(journal.slice(1));
  await soon();
  expect(requests).toHaveLength(2);
});

test("a result that came with the word that the code waits is worth no exchange", async () => {
  const waits: RunEventBody = { kind: "activation.completed", through: 2 };
  const journal = journalOf(started, stepDone, { ...timerStarted, ordinal: 2 }, waits);
  const commands = [...stepAnswer.commands, { ...timerAnswer.commands[0]!, ordinal: 2 }];
  const answer = { commands, through: 1 } as ActivationAnswer;
  const { hold, requests } = open(journal, [answer]);
  await soon();
  hold.deliver(journal.slice(1));
  for (let i = 0; i < 5; i++) await soon();
  expect(requests).toHaveLength(1);
  hold.deliver([{ kind: "timer.fired", key: "sleep", seq: 5, at: 2_000 }]);
  await soon();
  expect(requests).toHaveLength(2);
});
