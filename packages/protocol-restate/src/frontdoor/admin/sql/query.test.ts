import { tableFromIPC } from "apache-arrow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { restateLimits } from "../../../limits.ts";
import { inv, newRig, value, type Rig, type Script } from "../admin.test-support.ts";

/** Everything that a handler can do, in one answer. */
const busy: Script = ({ spec }) => {
  const target = { workflow: "Greeter.wait", queue: "restate", input: value("7") };
  const attributes = { invokedBy: inv(spec.runId) };
  return {
    commands: [
      { type: "value.record", key: "eager:1:count", ordinal: 1, value: value("5") },
      {
        type: "step.complete",
        key: "run:2:one two: 5%25",
        ordinal: 2,
        name: "one two",
        attempt: 1,
        output: value("1"),
      },
      { type: "state.write", ordinal: 3, name: "count", value: value("6") },
      { type: "timer.start", key: "sleep:3:nap", ordinal: 4, fireAt: 2_000_000_000_000 },
      { type: "call.start", key: "call:4:5", ordinal: 5, target, onParentClose: "abandon" },
      {
        type: "send",
        key: "send:6",
        ordinal: 6,
        message: { type: "start", target: { ...target, attributes } },
      },
      {
        type: "wait.start",
        key: "promise:7",
        ordinal: 7,
        on: { type: "keyPromise", name: "go", ask: "value" },
      },
    ],
  };
};

describe("queries", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await newRig();
    await rig.ask("POST", "/deployments", { uri: "http://127.0.0.1:9080/" });
  });
  afterEach(() => rig.close());

  async function busyOne(): Promise<string> {
    rig.scripts.set("Counter.add", busy);
    const runId = await rig.start("Counter/c/add", { idempotencyKey: "k1" });
    await rig.until(runId, (events) => events.includes("activation.completed"));
    return inv(runId);
  }

  it("show an invocation and the order of its journal", async () => {
    const id = await busyOne();
    const [row] = await rig.sql(`SELECT * FROM sys_invocation WHERE id = '${id}'`);
    expect(row).toMatchObject({
      id,
      target: "Counter/c/add",
      target_service_name: "Counter",
      target_service_key: "c",
      target_handler_name: "add",
      target_service_ty: "virtual_object",
      idempotency_key: "k1",
      invoked_by: "ingress",
      status: "suspended",
      completion_retention: "PT86400S",
      suspended_waiting_for_completions: [3, 5, 7],
    });
    expect(row).not.toHaveProperty("completion_result");
    const entries = await rig.sql(
      "SELECT sj.index, sj.entry_type, sj.name, sj.completed, sj.invoked_target, sj.sleep_wakeup_at, " +
        `sj.promise_name FROM sys_journal sj WHERE sj.id = '${id}' ORDER BY index LIMIT 100`,
    );
    expect(entries).toEqual([
      { index: 0, entry_type: "Command: Input", name: "" },
      { index: 1, entry_type: "Command: GetEagerState", name: "" },
      { index: 2, entry_type: "Command: Run", name: "one two: 5%", completed: true },
      { index: 3, entry_type: "Notification: Run" },
      { index: 4, entry_type: "Command: SetState", name: "" },
      {
        index: 5,
        entry_type: "Command: Sleep",
        name: "nap",
        completed: false,
        sleep_wakeup_at: "2033-05-18T03:33:20.000Z",
      },
      {
        index: 6,
        entry_type: "Command: Call",
        name: "",
        completed: false,
        invoked_target: "Greeter/wait",
      },
      { index: 7, entry_type: "Notification: CallInvocationId" },
      { index: 8, entry_type: "Command: OneWayCall", name: "", invoked_target: "Greeter/wait" },
      { index: 9, entry_type: "Notification: CallInvocationId" },
      {
        index: 10,
        entry_type: "Command: GetPromise",
        name: "",
        completed: false,
        promise_name: "go",
      },
    ]);
    const [call] = await rig.sql(
      `SELECT entry_json FROM sys_journal WHERE id = '${id}' AND entry_type = 'Command: Call'`,
    );
    expect(JSON.parse(String(call?.["entry_json"]))).toMatchObject({
      Command: {
        Call: {
          request: {
            invocation_target: { Service: { name: "Greeter", handler: "wait" } },
            parameter: [55],
          },
          invocation_id_completion_id: 4,
          result_completion_id: 5,
        },
      },
    });
    const [run] = await rig.sql(
      `SELECT entry_json FROM sys_journal WHERE id = '${id}' AND entry_type = 'Notification: Run'`,
    );
    expect(JSON.parse(String(run?.["entry_json"]))).toEqual({
      Notification: { Completion: { Run: { completion_id: 2, result: { Success: [49] } } } },
    });
  });

  it("show who called whom", async () => {
    const parent = await busyOne();
    const rows = await rig.sql(
      "SELECT invoked_by, invoked_by_id, invoked_by_target FROM sys_invocation " +
        "WHERE target_service_name = 'Greeter' ORDER BY invoked_by DESC",
    );
    const called = {
      invoked_by: "service",
      invoked_by_id: parent,
      invoked_by_target: "Counter/c/add",
    };
    expect(rows).toEqual([called, called]);
    const alone = `SELECT invoked_by FROM sys_invocation WHERE id = '${parent}'`;
    expect(await rig.sql(alone)).toEqual([{ invoked_by: "ingress" }]);
  });

  it("show starts that wait for their turn or their time, and who holds the key", async () => {
    const holder = inv(await rig.start("Counter/c/add"));
    const waiting = inv(await rig.start("Counter/c/add"));
    const startAt = Date.now() + 3_600_000;
    const later = inv(await rig.start("Counter/d/add", { startAt }));
    const alone = inv(await rig.start("Greeter/wait", { startAt }));
    const all = await rig.sql("SELECT id, status FROM sys_invocation WHERE status != 'completed'");
    const status = new Map(all.map((row) => [row["id"], row["status"]]));
    expect([waiting, later, alone].map((id) => status.get(id))).toEqual([
      "pending",
      "scheduled",
      "scheduled",
    ]);
    expect(await rig.sql("SELECT id FROM sys_invocation_status WHERE status == 'inboxed'")).toEqual(
      [{ id: waiting }],
    );
    expect(await rig.sql("SELECT service_key, id FROM sys_inbox")).toEqual([
      { service_key: "c", id: waiting },
    ]);
    const held = "SELECT * FROM sys_keyed_service_status WHERE service_name = 'Counter'";
    expect(await rig.sql(held)).toMatchObject([{ service_key: "c", invocation_id: holder }]);
    expect(await rig.sql("SELECT lock_name, acquired_by FROM sys_locks")).toEqual([
      { lock_name: "Counter/c", acquired_by: holder },
    ]);
    const byId = await rig.sql(`SELECT status FROM sys_invocation WHERE id IN ('${waiting}', 'x')`);
    expect(byId).toEqual([{ status: "pending" }]);
  });

  it("show what is registered, state and promises", async () => {
    await busyOne();
    expect(
      await rig.sql("SELECT name, ty, public, revision FROM sys_service ORDER BY name"),
    ).toEqual([
      { name: "Counter", ty: "virtual_object", public: true, revision: 1 },
      { name: "Flow", ty: "workflow", public: true, revision: 1 },
      { name: "Greeter", ty: "service", public: true, revision: 1 },
    ]);
    const [deployment] = await rig.sql("SELECT endpoint, services FROM sys_deployment");
    expect(deployment).toMatchObject({ services: ["Greeter", "Counter", "Flow"] });
    const state =
      "SELECT key, value, value_utf8 FROM state WHERE service_name = 'Counter' AND service_key = 'c' ;";
    expect(await rig.sql(state)).toEqual([{ key: "count", value: "36", value_utf8: "6" }]);
    expect(await rig.sql("SELECT key, completed FROM sys_promise")).toEqual([
      { key: "go", completed: false },
    ]);
  });

  it("see nothing of another namespace, whatever they name", async () => {
    const id = await busyOne();
    for (const table of ["sys_invocation", "sys_journal", "state", "sys_promise", "sys_service"]) {
      expect(await rig.sql(`SELECT * FROM ${table}`, "b")).toEqual([]);
    }
    expect(await rig.sql(`SELECT * FROM sys_journal WHERE id = '${id}'`, "b")).toEqual([]);
  });

  /** As the command line of Restate 1.7 asks. */
  it("are understood as Restate's tools write them", async () => {
    const id = await busyOne();
    const count =
      "SELECT COUNT(1) AS n FROM (SELECT * FROM sys_invocation inv LIMIT 50000 ) " +
      "WHERE inv.target_service_name IN ('Counter') AND status IN ('suspended')";
    expect(await rig.sql(count)).toEqual([{ n: 1 }]);
    const listed = await rig.sql(
      "SELECT inv.id, inv.retry_count as num_retries, dp.id IS NOT NULL as pinned_deployment_exists " +
        "FROM sys_invocation inv LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id " +
        `WHERE status != 'completed' AND inv.id in ('${id}') ORDER BY inv.created_at DESC, inv.id`,
    );
    expect(listed).toEqual([{ id, num_retries: 0, pinned_deployment_exists: false }]);
    const summary = await rig.sql(
      "SELECT target_service_name, target_handler_name, status, COUNT(1) as num_invocations, " +
        "MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation " +
        "FROM sys_invocation WHERE target_service_name IN ('Counter') " +
        "GROUP BY target_service_name, target_handler_name, status ORDER BY target_handler_name",
    );
    expect(summary).toMatchObject([
      { status: "suspended", num_invocations: 1, oldest_invocation: id },
    ]);
    const objects =
      "SELECT id FROM sys_invocation inv WHERE inv.target_service_key IN ('c') AND " +
      "inv.target_service_name IN (select name from sys_service where ty = 'virtual_object')";
    expect(await rig.sql(objects)).toEqual([{ id }]);
    const like =
      "SELECT id FROM sys_invocation_status WHERE target LIKE 'Counter/%' AND status != 'completed'";
    expect(await rig.sql(like)).toEqual([{ id }]);
    const columns =
      "SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_name = 'sys_journal' " +
      "AND column_name IN ('version', 'entry_json', 'appended_at')";
    expect(await rig.sql(columns)).toEqual([{ n: 3 }]);
    expect(await rig.sql("SELECT pattern, concurrency FROM sys_rules ORDER BY pattern")).toEqual(
      [],
    );
  });

  it("are answered in Arrow's format where JSON is not asked for", async () => {
    const id = await busyOne();
    const arrow = async (query: string) => {
      const answer = await rig.ask("POST", "/query", { query });
      expect(answer.headers.get("content-type")).toBe("application/vnd.apache.arrow.stream");
      return tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
    };
    const one = await arrow(
      "SELECT id, created_at, completion_retention AS kept, retry_count, " +
        `suspended_waiting_for_completions AS w, 1 = 1 AS ok FROM sys_invocation WHERE id = '${id}'`,
    );
    expect(one.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "id: LargeUtf8",
      "created_at: Timestamp<MILLISECOND, +00:00>",
      "kept: Duration<MILLISECOND>",
      "retry_count: Int64",
      "w: List<Uint32>",
      "ok: Bool",
    ]);
    expect(one.get(0)?.toJSON()).toMatchObject({
      id,
      retry_count: 0n,
      ok: true,
      kept: 86_400_000n,
    });
    const none = await arrow("SELECT COUNT(1), id FROM sys_inbox WHERE id = 'x' GROUP BY id");
    expect([none.numRows, none.numCols]).toEqual([0, 2]);
    const state = await arrow("SELECT value, services FROM state, sys_deployment");
    expect(state.get(0)?.["value"]).toEqual(new Uint8Array([54]));
  });

  it("about the newest read no more of them than they need", async () => {
    rig.scripts.set("Greeter.greet", () => ({
      commands: [{ type: "run.complete", output: value("1") }],
    }));
    const runs = [];
    for (let n = 0; n < 20; n++) {
      const runId = await rig.start("Greeter/greet");
      await rig.engine.outcome(runId);
      runs.push(inv(runId));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const waits = inv(await rig.start("Counter/c/add"));
    const pending = inv(await rig.start("Counter/c/get"));
    const newest = "SELECT id FROM sys_invocation inv ORDER BY inv.created_at DESC, inv.id LIMIT 5";
    const ids = (await rig.sql(newest)).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([pending, waits, ...runs.slice(-3)]));
    const any =
      "SELECT COUNT(1) AS n FROM (SELECT * FROM sys_invocation inv LIMIT 3) WHERE status = 'completed'";
    const [count] = await rig.sql(any);
    expect(count?.["n"]).toBeGreaterThanOrEqual(1);
    expect(count?.["n"]).toBeLessThanOrEqual(3);
  });

  it("show who waits for a key, whichever handler holds it", async () => {
    await rig.start("Counter/c/get");
    await rig.start("Counter/c/add");
    const waiting = inv(await rig.start("Counter/c/add"));
    const of = (where: string) => rig.sql(`SELECT id FROM sys_invocation WHERE ${where}`);
    for (const where of [
      "target_handler_name IN ('add') AND status = 'pending'",
      "target = 'Counter/c/add' AND status = 'pending'",
      "target_service_name = 'Counter' AND target_service_key = 'c' AND status = 'pending'",
      "status IN ('pending', 'paused')",
    ]) {
      expect(await of(where)).toEqual([{ id: waiting }]);
    }
    expect(await of("status = 'pending' AND pinned_deployment_id = 'dp_1'")).toEqual([]);
    expect(await of("status = 'pending' AND target_service_key = 'd'")).toEqual([]);
  });

  it("that read more than their limit are refused, and say what to do", async () => {
    const keys = Array.from({ length: restateLimits.sqlKeys + 1 }, (_, n) => `k${n}`);
    const write = (id: string) =>
      rig.engine.keyedState.write({ namespace: "a", kind: "object:Counter", id }, "x", value("1"));
    await Promise.all(keys.slice(1).map(write));
    expect(await rig.sql("SELECT count(*) AS n FROM state")).toEqual([
      { n: restateLimits.sqlKeys },
    ]);
    await write("k0");
    await expect(rig.sql("SELECT count(*) FROM state")).rejects.toThrow(/WHERE/);
    const some =
      "SELECT count(*) AS n FROM state WHERE service_name = 'Counter' AND service_key IN ('k0', 'k1')";
    expect(await rig.sql(some)).toEqual([{ n: 2 }]);
  }, 60_000);
});
