/**
 * What every `EngineClient` does, whether it is the engine or something in front of one. What the
 * oracle answers, and how it refuses, the client does too.
 */
import type { EngineClient, Target } from "@perdure/engine";
import type { KeyRef, Outcome, RunEvent, RunId } from "@perdure/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decode, encodePayload } from "../payload.ts";
import { namespace } from "./contract-engine.test-support.ts";

export interface Subject {
  readonly client: EngineClient;
  /** What it stands for, as seen from within its namespace. */
  readonly oracle: EngineClient;
  close(): Promise<void>;
}

const payload = (value: unknown) => encodePayload(value, "a value");

async function refusal(call: Promise<unknown>): Promise<object> {
  const error: unknown = await call.then(
    (value) => ({ answered: value }),
    (thrown: unknown) => thrown,
  );
  const { code, message, detail } = error as Record<string, unknown>;
  return { name: (error as Error).name, code, message, detail };
}

async function until<T>(
  what: () => T | Promise<T>,
  isSo: (value: T) => boolean | Promise<boolean>,
): Promise<T> {
  for (;;) {
    const value = await what();
    if (await isSo(value)) return value;
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

export function engineClientContract(title: string, make: () => Promise<Subject>): void {
  describe(title, () => {
    let subject: Subject;
    let client: EngineClient;
    let oracle: EngineClient;
    beforeAll(async () => {
      subject = await make();
      ({ client, oracle } = subject);
    });
    afterAll(() => subject.close());

    const start = async (name: string, input: unknown, more: object = {}): Promise<RunId> => {
      const request = { namespace, workflow: name, queue: "default", input: payload(input) };
      return (await client.start({ ...request, ...more })).runId;
    };
    const key = (id: string, kind = "workflow"): KeyRef => ({ namespace, kind, id });
    const valueOf = async (runId: RunId): Promise<unknown> => {
      const outcome = await client.outcome(runId);
      if (outcome.status !== "completed") throw new Error(`the run ${outcome.status}`);
      return decode(outcome.output);
    };
    const agree = async (ask: (of: EngineClient) => Promise<unknown>): Promise<void> => {
      expect(await ask(client)).toEqual(await ask(oracle));
    };
    const agreeOnRefusal = async (
      code: string,
      ask: (of: EngineClient) => Promise<unknown>,
    ): Promise<void> => {
      const theirs = await refusal(ask(oracle));
      expect(theirs).toMatchObject({ code });
      expect(await refusal(ask(client))).toEqual(theirs);
    };

    test("starts a run and waits for its end", async () => {
      expect(await valueOf(await start("greet", "you"))).toBe("Hello, you!");
      const failed = await start("failing", null);
      expect(await client.outcome(failed)).toMatchObject({ status: "failed" });
      await agree((of) => of.outcome(failed));
    });

    test("starts many at once, and says of each what became of it", async () => {
      const item = (name: string, more: object = {}) => {
        return { workflow: "greet", queue: "default", input: payload(name), ...more };
      };
      const keyed = { key: { kind: "workflow", id: "of-many" }, conflict: "fail" };
      const items = [
        item("one", { requestId: "many-1" }),
        item("no", { workflow: "" }),
        item("two", { requestId: "many-1" }),
        item("three", { ...keyed, workflow: "asking" }),
        item("four", { ...keyed, workflow: "asking" }),
      ];
      const [one, no, two, three, four] = await client.startMany(namespace, items);
      const { runId } = one as { readonly runId: RunId };
      expect(await valueOf(runId)).toBe("Hello, one!");
      expect(two).toEqual({ runId, existing: true });
      expect(no).toMatchObject({ error: { code: "invalid-argument", retry: "never" } });
      expect(three).toMatchObject({ existing: false });
      expect(four).toMatchObject({ error: { code: "already-exists" } });
      await agree((of) =>
        of.startMany(namespace, [item("no", { queue: "" }), ...items.slice(0, 1)]),
      );
      await agreeOnRefusal("limit-exceeded", (of) =>
        of.startMany(
          namespace,
          Array.from({ length: 1_001 }, () => item("past")),
        ),
      );
      expect(await client.startMany(namespace, [])).toEqual([]);
    });

    test("starts many whose bytes are more than one request may have", async () => {
      const input = payload("x".repeat(3_000_000));
      const items = [1, 2, 3, 4].map(() => ({ workflow: "asking", queue: "default", input }));
      const started = await client.startMany(namespace, items);
      expect(started.map((one) => "runId" in one)).toEqual([true, true, true, true]);
    });

    test("follows a run that continues as new", async () => {
      expect(await valueOf(await start("chain", 3))).toBe(0);
    });

    test("finds the open run of a key, and the run of a request id", async () => {
      const request = { key: key("one"), requestId: "first" };
      const runId = await start("asking", null, request);
      expect(await start("asking", null, { key: key("one") })).toBe(runId);
      expect(await client.lookup(key("one"))).toBe(runId);
      expect(await client.lookup(key("none"))).toBeUndefined();
      await agree(async (of) => (await of.whyKey(key("one"))).status);
      await client.signal({ key: key("one") }, { name: "go", payload: payload(1) });
      expect(await valueOf(runId)).toBe(1);
      expect(await start("asking", null, request)).toBe(runId);
      expect(await start("asking", null, { key: key("one") })).not.toBe(runId);
    });

    test("delivers a signal with an id once, and one with the start", async () => {
      const runId = await start("asking", null);
      for (const _ of [1, 2]) await client.signal({ runId }, { name: "note", id: "n" });
      const kinds = (await client.journal(runId)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "signal.received")).toHaveLength(1);
      const signal = { name: "go", payload: payload("early") };
      expect(await valueOf(await start("asking", null, { signal }))).toBe("early");
      const keyed = await start("asking", null, { signal, key: key("early") });
      expect(await valueOf(keyed)).toBe("early");
    });

    test("asks a run's code, and changes it", async () => {
      const runId = await start("asking", null, { key: key("talk") });
      for (const target of [{ runId }, { key: key("talk") }] satisfies Target[]) {
        const before = decode(await client.query(target, "seen", payload(null))) as number;
        expect(decode(await client.update(target, "add", payload(2), "same"))).toBe(2);
        expect(decode(await client.query(target, "seen", payload(null)))).toBe(2);
        expect(before).toBeLessThanOrEqual(2);
      }
      expect(decode(await client.update({ runId }, "add", payload(3)))).toBe(5);
    });

    test("pauses, resumes, cancels and terminates", async () => {
      const runId = await start("asking", null);
      await client.pause(runId, "look at it");
      await agree(async (of) => (await of.why(runId)).waiting.map(({ on }) => on));
      expect((await client.describe(runId)).row.status).toBe("paused");
      await client.resume(runId);
      await client.cancel({ runId }, "enough");
      expect(await client.outcome(runId)).toMatchObject({ status: "cancelled" });
      // Two people may press the button.
      await client.cancel({ runId });
      const other = await start("asking", null, { key: key("gone") });
      await client.terminate(other, "now");
      expect(await client.outcome(other)).toMatchObject({ status: "terminated" });
      const third = await start("asking", null, { key: key("third") });
      await client.cancel({ key: key("third") });
      expect(await client.outcome(third)).toMatchObject({ status: "cancelled" });
    });

    test("reads a run as the engine does", async () => {
      const runId = await start("greet", "reader", { attributes: { deep: { is: [1] } } });
      await client.outcome(runId);
      await agree((of) => of.describe(runId));
      await agree((of) => of.journal(runId));
      await agree((of) => of.journal(runId, 3));
      await agree((of) => of.journal(runId, 2, 2));
      await agree((of) => of.journal(runId, 1_000));
      await agree((of) => of.why(runId));
    });

    test("reads a journal of many pages whole", async () => {
      const runId = await start("long", 1_200);
      await client.outcome(runId);
      const journal = await client.journal(runId);
      expect(journal.length).toBeGreaterThan(1_200);
      expect(journal).toEqual(await oracle.journal(runId));
    });

    test("shows who works, and which versions runs stay with", async () => {
      const runId = await start("asking", null);
      await client.query({ runId }, "seen", payload(null));
      await agree(async (of) =>
        (await of.workers(namespace)).map(({ id, queues }) => [id, queues]),
      );
      await client.repin(runId, "v2");
      expect((await client.describe(runId)).row.version).toBe("v2");
      await agree((of) => of.versions(namespace));
      await client.repin(runId);
      await client.terminate(runId);
    });

    test("forgets a closed run, and no open one", async () => {
      const runId = await start("greet", "purge");
      const open = await start("asking", null);
      await client.outcome(runId);
      await expect(client.purge(open)).rejects.toMatchObject({ code: "conflict" });
      await client.purge(runId);
      await expect(client.describe(runId)).rejects.toMatchObject({ code: "not-found" });
      await client.terminate(open);
    });

    test("forks a run, with other results", async () => {
      const runId = await start("greet", "fork");
      await client.outcome(runId);
      const { seq = 0 } =
        (await client.journal(runId)).find(({ kind }) => kind === "step.completed") ?? {};
      const overrides = { compose: payload("something else") };
      const fork = await client.fork({ runId, at: seq, overrides, key: key("forked") });
      expect(fork.existing).toBe(false);
      expect(await valueOf(fork.runId)).toBe("something else");
    });

    test("lists and counts by everything a query can name", async () => {
      const attributes = { colour: "blå & grøn", size: 7 };
      const startedAfter = Date.now() - 60_000;
      for (const id of ["l1", "l2", "l3"]) {
        await start("asking", null, { key: key(id), attributes });
      }
      const all = { namespace, workflow: "asking", attributes, startedAfter } as const;
      expect(await client.count(all)).toBe(3);
      expect(await client.count({ ...all, status: ["completed", "failed"] })).toBe(0);
      expect(await client.count({ ...all, startedBefore: startedAfter })).toBe(0);
      await agree((of) => of.list({ ...all, limit: 2, status: ["open", "paused"] }));
      const { rows, cursor } = await client.list({ ...all, limit: 2 });
      const rest = await client.list({ ...all, limit: 2, cursor: cursor! });
      const keys = [...rows, ...rest.rows].map((row) => row.key);
      // Runs of the same millisecond have no order.
      expect(new Set(keys)).toEqual(new Set(["l1", "l2", "l3"]));
      expect(keys).toHaveLength(3);
      await agree((of) => of.list({ namespace, key: "l1", limit: 1 }));
      await agree((of) => of.list({ namespace, parent: rows[0]!.runId, limit: 1 }));
    });

    test("watches a run to its end: every event once, in order", async () => {
      const runId = await start("asking", null);
      const seen: RunEvent[] = [];
      const also: RunEvent[] = [];
      const { seq } = await until(
        () => client.describe(runId),
        (view) => view.seq > 1,
      );
      client.watch(runId, (events) => seen.push(...events));
      const stop = client.watch(runId, (events) => also.push(...events));
      await client.signal({ runId }, { name: "note" });
      await until(
        () => also.length,
        (length) => length > 0,
      );
      stop();
      const heard = also.length;
      await client.signal({ runId }, { name: "go" });
      await until(
        () => seen.at(-1)?.kind,
        (kind) => kind === "run.completed",
      );
      expect(seen).toEqual(await client.journal(runId, seq + 1));
      expect(also).toHaveLength(heard);
    });

    test("an exclusive handler's run can be waited for before its turn comes", async () => {
      const call = { key: key("a-1", "object:account"), mode: "exclusive" };
      const first = await start("account.hold", null, call);
      const second = await start("account.hold", null, call);
      const ends: Promise<Outcome>[] = [client.outcome(first), client.outcome(second)];
      await client.signal({ runId: first }, { name: "go", payload: payload("a") });
      await until(
        () => client.describe(second).catch(() => undefined),
        (view) => view !== undefined,
      );
      await client.signal({ runId: second }, { name: "go", payload: payload("b") });
      const outputs = (await Promise.all(ends)).map(
        (outcome) => outcome.status === "completed" && decode(outcome.output),
      );
      expect(outputs).toEqual(["a", "b"]);
    });

    test("publishes events that start and resume runs, each id once", async () => {
      const trigger = { id: "t", workflow: "greet", queue: "default" };
      await client.setTrigger(namespace, "arrived", trigger);
      const before = await client.count({ namespace, workflow: "greet" });
      const event = { payload: payload("guest"), data: { room: 7 }, id: "e1" };
      for (const _ of [1, 2]) await client.publish(namespace, "arrived", event);
      await until(
        () => client.count({ namespace, workflow: "greet" }),
        (count) => count > before,
      );
      await client.removeTrigger(namespace, "arrived", "t");
      await client.publish(namespace, "arrived", { payload: payload("late") });
      expect(await client.count({ namespace, workflow: "greet" })).toBe(before + 1);

      const waiting = await start("paid", null);
      await until(
        () => client.why(waiting),
        (why) => why.waiting.some(({ on }) => on === "event"),
      );
      // The run knows of its wait before the topic does, which may be another node's.
      await until(
        () => client.publish(namespace, "payment", { payload: payload(5) }),
        async () => (await client.describe(waiting)).row.status !== "open",
      );
      expect(await valueOf(waiting)).toBe(5);
    });

    test("keeps schedules", async () => {
      const spec = {
        namespace,
        id: "daily/ü",
        when: [{ type: "cron", expression: "0 3 * * *", timeZone: "Europe/Berlin" }],
        policy: { overlap: "skip", catchUpMs: 60_000, jitterMs: 0, pauseOnFailure: false },
        workflow: "greet",
        queue: "default",
        input: payload("schedule"),
      } as const;
      await client.putSchedule(spec);
      await agree((of) => of.describeSchedule(namespace, spec.id));
      await client.pauseSchedule(namespace, spec.id, "holiday");
      expect(await client.describeSchedule(namespace, spec.id)).toMatchObject({
        paused: true,
        note: "holiday",
      });
      await client.resumeSchedule(namespace, spec.id);
      await client.triggerSchedule(namespace, spec.id, "allowAll");
      const day = 86_400_000;
      const from = Date.UTC(2026, 0, 5);
      await client.backfillSchedule(namespace, spec.id, from, from + 2 * day, "allowAll");
      await until(
        () => client.describeSchedule(namespace, spec.id),
        ({ starts, running }) => starts === 3 && running.length === 0,
      );
      await agree(async (of) => (await of.whySchedule(namespace, spec.id)).status);
      await agree((of) => of.listSchedules(namespace));
      await agree((of) => of.listSchedules(namespace, { limit: 1 }));
      await client.deleteSchedule(namespace, spec.id);
      await agreeOnRefusal("not-found", (of) => of.describeSchedule(namespace, spec.id));
    });

    test("refuses as the engine does, with the same code and words", async () => {
      const runId = await start("greet", "closed");
      await client.outcome(runId);
      const open = await start("asking", null, { key: key("open") });
      const none = runId.replace(/.{4}$/, "0000") as RunId;
      const bad = "../../etc" as RunId;
      const big = { encoding: "json", data: new Uint8Array(4_194_305) };
      const greeting = { namespace, workflow: "greet", queue: "default", input: payload("x") };
      const refusals: readonly (readonly [string, (of: EngineClient) => Promise<unknown>])[] = [
        ["not-found", (of) => of.describe(none)],
        ["not-found", (of) => of.journal(none)],
        ["not-found", (of) => of.outcome(none)],
        ["not-found", (of) => of.why(none)],
        ["not-found", (of) => of.signal({ runId: none }, { name: "x" })],
        ["not-found", (of) => of.signal({ key: key("nobody") }, { name: "x" })],
        ["not-found", (of) => of.terminate(none)],
        ["not-found", (of) => of.query({ key: key("nobody") }, "seen", payload(null))],
        ["invalid-argument", (of) => of.describe(bad)],
        ["invalid-argument", (of) => of.outcome(bad)],
        ["invalid-argument", (of) => of.cancel({ runId: bad })],
        ["invalid-argument", (of) => of.start({ ...greeting, workflow: "" })],
        ["limit-exceeded", (of) => of.start({ ...greeting, workflow: "x".repeat(257) })],
        ["limit-exceeded", (of) => of.start({ ...greeting, input: big })],
        ["invalid-argument", (of) => of.start({ ...greeting, requestId: "\ud800" })],
        ["already-exists", (of) => of.start({ ...greeting, key: key("open"), conflict: "fail" })],
        ["already-closed", (of) => of.signal({ runId }, { name: "late" })],
        ["already-closed", (of) => of.pause(runId)],
        ["invalid-argument", (of) => of.fork({ runId, at: 999 })],
        ["update-rejected", (of) => of.update({ runId: open }, "add", payload(-1))],
        ["query-failed", (of) => of.query({ runId: open }, "broken", payload(null))],
        ["query-failed", (of) => of.query({ runId: open }, "nope", payload(null))],
        ["not-found", (of) => of.pauseSchedule(namespace, "none")],
        ["not-found", (of) => of.triggerSchedule(namespace, "none")],
      ];
      for (const [code, ask] of refusals) await agreeOnRefusal(code, ask);
      expect(() => client.watch(bad, () => undefined)).toThrow(/not a run id/);
    });
  });
}
