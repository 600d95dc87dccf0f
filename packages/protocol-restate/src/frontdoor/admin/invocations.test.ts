import type { Failure } from "@perdure/kernel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inv, newRig, value, type Rig, type Script } from "./admin.test-support.ts";

const kaboom: Failure = { code: "500", message: "kaboom", stack: "Error: kaboom\n    at boom" };

/** One run, and done. */
const greets: Script = () => ({
  commands: [
    {
      type: "step.complete",
      key: "run:1:stamp",
      ordinal: 1,
      name: "stamp",
      attempt: 1,
      output: value("2"),
    },
    { type: "run.complete", output: value('"hi"') },
  ],
});
const fails: Script = () => ({ commands: [], failure: { ...kaboom, retryAfterMs: 3_600_000 } });
/** Calls, and goes on before it is answered. */
const crosses: Script = () => ({
  commands: [
    {
      type: "call.start",
      key: "call:1:2",
      ordinal: 1,
      target: { workflow: "Greeter.greet", queue: "restate", input: value("1") },
      onParentClose: "abandon",
    },
    { type: "value.record", key: "eager:2:k", ordinal: 2, value: value("1") },
  ],
});

describe("invocations, from the admin API", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await newRig();
    rig.scripts.set("Greeter.greet", greets);
    rig.scripts.set("Greeter.fail", fails);
  });
  afterEach(() => rig.close());

  const patch = async (id: string, verb: string, namespace = "a") => {
    const answer = await rig.ask("PATCH", `/v4/invocations/${id}/${verb}`, undefined, {
      namespace,
    });
    const text = await answer.text();
    const body =
      text === "" ? {} : (JSON.parse(text) as { message?: string; new_invocation_id?: string });
    return { status: answer.status, ...body };
  };
  const rowOf = async (id: string) => {
    const [row = {}] = await rig.sql(`SELECT * FROM sys_invocation WHERE id = '${id}'`);
    return row;
  };
  const started = async (...[target, more]: Parameters<Rig["start"]>) =>
    inv(await rig.start(target, more));
  const greeted = async (): Promise<string> => {
    const runId = await rig.start("Greeter/greet");
    await rig.engine.outcome(runId);
    return inv(runId);
  };
  const failing = async (): Promise<string> => {
    const runId = await rig.start("Greeter/fail");
    await rig.until(runId, (events) => events.includes("activation.failed"));
    return inv(runId);
  };

  it("are cancelled: one that runs is told, one that waits for its turn is dropped", async () => {
    const id = await started("Counter/c/add");
    const waiting = await started("Counter/c/add");
    expect(await patch(waiting, "cancel")).toEqual({ status: 200 });
    expect(await patch(waiting, "cancel")).toMatchObject({ status: 404 });
    expect(await patch(id, "cancel")).toEqual({ status: 202 });
    expect(await patch(await greeted(), "cancel")).toMatchObject({ status: 409 });
    expect(await patch("inv_1x", "cancel")).toMatchObject({ status: 400 });
    const never = inv("01800000-0000-8000-8000-000000000000" as never);
    expect(await patch(never, "cancel")).toMatchObject({ status: 404 });
  });

  it("are killed, and what was wrong before and who did it stay known", async () => {
    const id = await failing();
    expect(await patch(id, "kill")).toEqual({ status: 200 });
    expect(await patch(id, "kill")).toMatchObject({ status: 409 });
    const row = await rowOf(id);
    expect(row["completion_failure"]).toMatch(/^\[409\] killed.* by ada; before that: kaboom$/);
    const notes = await rig.sql(`SELECT * FROM sys_journal_events WHERE id = '${id}'`);
    expect(notes.map((note) => note["event_type"])).toEqual(["TransientError", "Killed"]);
    expect(JSON.parse(String(notes[1]?.["event_json"]))).toMatchObject({
      by: "ada",
      last_failure: { error_code: 500, error_message: "kaboom" },
    });
  });

  it("are paused and resumed, and a paused one still says why and how often it failed", async () => {
    const id = await failing();
    expect(await rowOf(id)).toMatchObject({ status: "backing-off", retry_count: 1 });
    expect(await patch(id, "pause")).toEqual({ status: 202 });
    expect(await patch(id, "pause")).toEqual({ status: 200 });
    expect(await rowOf(id)).toMatchObject({
      status: "paused",
      retry_count: 1,
      last_failure: "[500] kaboom\nError: kaboom\n    at boom",
      last_failure_error_code: "RT0007",
      next_retry_at: expect.any(String),
    });
    expect(await patch(id, "resume")).toEqual({ status: 200 });
    expect(await patch(await greeted(), "pause")).toMatchObject({ status: 409 });
    expect(await patch(await greeted(), "resume")).toMatchObject({ status: 409 });
    const waits = await started("Greeter/wait", { startAt: Date.now() + 3_600_000 });
    expect(await patch(waits, "resume")).toMatchObject({ status: 425 });
    await started("Counter/c/add");
    expect(await patch(await started("Counter/c/add"), "resume")).toMatchObject({ status: 425 });
  });

  it("are tried again at once where they wait for their next attempt", async () => {
    const id = await failing();
    rig.scripts.set("Greeter.fail", greets);
    expect(await patch(id, "resume")).toEqual({ status: 200 });
    for (let tries = 0; (await rowOf(id))["status"] !== "completed"; tries++) {
      expect(tries).toBeLessThan(500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  it("are moved to another deployment, but not while they run", async () => {
    const uri = "http://127.0.0.1:9080/";
    const { id: deployment } = (await (await rig.ask("POST", "/deployments", { uri })).json()) as {
      id: string;
    };
    const id = await failing();
    expect(await patch(id, "resume?deployment=dp_none")).toMatchObject({ status: 404 });
    expect(await patch(id, "resume?deployment=keep")).toEqual({ status: 200 });
    expect(await patch(id, "pause")).toMatchObject({ status: 202 });
    expect(await patch(id, "resume?deployment=latest")).toEqual({ status: 200 });
    expect(await rowOf(id)).toMatchObject({ pinned_deployment_id: deployment });
    const busy = await started("Greeter/wait");
    for (let tries = 0; (await rowOf(busy))["status"] !== "running"; tries++) {
      expect(tries).toBeLessThan(500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await patch(busy, `resume?deployment=${deployment}`)).toMatchObject({ status: 409 });
  });

  it("are purged when they are over", async () => {
    const id = await greeted();
    expect(await patch(await started("Greeter/wait"), "purge")).toMatchObject({ status: 409 });
    expect(await patch(id, "purge-journal")).toMatchObject({ status: 501 });
    expect(await patch(id, "purge")).toEqual({ status: 200 });
    expect(await patch(id, "purge")).toMatchObject({ status: 404 });
    expect(await rowOf(id)).toEqual({});
  });

  it("are restarted as new, from the beginning or from an entry", async () => {
    const id = await greeted();
    const { status, new_invocation_id: again = "" } = await patch(id, "restart-as-new");
    expect(status).toBe(200);
    expect(await rowOf(again)).toMatchObject({ invoked_by: "restart_as_new", restarted_from: id });
    const { new_invocation_id: forked = "" } = await patch(id, "restart-as-new?from=2");
    expect(await rowOf(forked)).toMatchObject({ invoked_by: "restart_as_new", restarted_from: id });
    // The answer to the command at 1 is 2.
    expect(await patch(id, "restart-as-new?from=1")).toMatchObject({ status: 200 });
    rig.scripts.set("Greeter.fail", crosses);
    const crossed = await rig.start("Greeter/fail");
    await rig.until(crossed, (events) => events.includes("call.closed"));
    await rig.engine.terminate(crossed);
    // Input, Call (1), its id (2), a read (3), Call's answer (4).
    for (const from of [1, 2]) {
      const refused = await patch(inv(crossed), `restart-as-new?from=${from}`);
      expect(refused).toMatchObject({
        status: 409,
        message: expect.stringContaining("entry 4"),
      });
    }
    expect(await patch(inv(crossed), "restart-as-new?from=3")).toMatchObject({ status: 200 });
    expect(await patch(id, "restart-as-new?from=3")).toMatchObject({ status: 400 });
    expect(await patch(id, "restart-as-new?from=x")).toMatchObject({ status: 400 });
    expect(await patch(await started("Greeter/wait"), "restart-as-new")).toMatchObject({
      status: 409,
    });
    rig.scripts.set("Flow.run", greets);
    rig.scripts.set("Counter.add", greets);
    const flow = await rig.start("Flow/w/run");
    const add = await rig.start("Counter/c/add");
    await Promise.all([rig.engine.outcome(flow), rig.engine.outcome(add)]);
    expect(await patch(inv(flow), "restart-as-new")).toMatchObject({ status: 422 });
    expect(await patch(inv(add), "restart-as-new")).toMatchObject({ status: 200 });
    expect(await patch(inv(add), "restart-as-new?from=2")).toMatchObject({ status: 422 });
  });

  it("are ended by the older form too", async () => {
    const del = async (id: string, mode: string) =>
      (await rig.ask("DELETE", `/invocations/${id}${mode}`)).status;
    expect(await del(await started("Greeter/wait"), "")).toBe(202);
    const killed = await started("Greeter/wait");
    expect(await del(killed, "?mode=Kill")).toBe(202);
    expect(await del(killed, "?mode=Purge")).toBe(202);
    expect(await del(killed, "?mode=what")).toBe(400);
  });

  it("of another namespace are not there", async () => {
    const id = await started("Greeter/wait", { namespace: "b" });
    await started("Counter/c/add", { namespace: "b" });
    const waiting = await started("Counter/c/add", { namespace: "b" });
    for (const verb of ["cancel", "kill", "pause", "resume", "purge", "restart-as-new"]) {
      expect(await patch(id, verb)).toMatchObject({ status: 404 });
      expect(await patch(waiting, verb)).toMatchObject({ status: 404 });
    }
    expect(await patch(waiting, "cancel", "b")).toEqual({ status: 200 });
  });
});
