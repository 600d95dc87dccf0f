import { equal, eventually, fails, holds, until } from "../check.ts";
import { counterOf, echoOf, heldAwakeable, holderOf, resultOf, sendToEcho } from "../clients.ts";
import type { blocker } from "../services/cancelling.ts";
import type { failing } from "../services/failing.ts";
import type { blockAndWait } from "../services/workflows.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

const blockerOf = ({ ingress, key }: World) =>
  ingress.objectSendClient<typeof blocker>({ name: "Blocker" }, key);

export const admin: ScenarioClass = {
  name: "Admin",
  scenarios: [
    scenario("health and version are told", async ({ admin: api }) => {
      equal((await api.ask("GET", "/health")).status, 200);
      const version = (await api.done("GET", "/version")) as Record<string, unknown>;
      equal(typeof version["version"], "string");
      holds(Number(version["max_admin_api_version"]) >= 3, JSON.stringify(version));
    }),

    scenario("services and handlers are described", async ({ admin: api }) => {
      const service = (await api.done("GET", "/services/Counter")) as {
        readonly ty: string;
        readonly handlers: readonly { readonly name: string; readonly ty: string }[];
      };
      equal(service.ty, "VirtualObject");
      const types = new Map(service.handlers.map(({ name, ty }) => [name, ty]));
      equal(types.get("add"), "Exclusive");
      equal(types.get("get"), "Shared");
      const handler = (await api.done("GET", "/services/Counter/handlers/add")) as {
        readonly name: string;
      };
      equal(handler.name, "add");
      equal((await api.ask("GET", "/services/Nobody")).status, 404);
      equal((await api.ask("GET", "/services/Counter/handlers/nothing")).status, 404);
      const openapi = (await api.done("GET", "/services/Counter/openapi")) as { openapi: string };
      holds(openapi.openapi.startsWith("3."), openapi.openapi);
    }),

    scenario("deployments are listed and described", async (world) => {
      const services = await world.own();
      const { deployments } = (await world.admin.done("GET", "/deployments")) as {
        readonly deployments: readonly { readonly id: string; readonly uri: string }[];
      };
      const found = deployments.find(({ id }) => id === services.deployment);
      holds(found?.uri.startsWith(services.process.url) === true, JSON.stringify(found));
      const one = await world.admin.done("GET", `/deployments/${services.deployment}`);
      equal((one as { readonly id: string }).id, services.deployment);
      equal((await world.admin.ask("GET", "/deployments/dp_1nothing")).status >= 400, true);
    }),

    scenario("settings of a service are changed", async (world) => {
      const services = await world.own();
      const path = `/services/${services.named("Own")}`;
      await world.admin.done("PATCH", path, { public: false });
      const call = () =>
        world.request(`/${services.named("Own")}/say`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '"x"',
        });
      await eventually(async () => {
        const reply = await call();
        await reply.text();
        equal(reply.status, 400);
      });
      await world.admin.done("PATCH", path, { public: true });
      await eventually(async () => {
        const reply = await call();
        equal(await reply.text(), '"own: x"');
      });
    }),

    scenario("an object's state is replaced from outside", async (world) => {
      await counterOf(world).add(3);
      const body = { object_key: world.key, new_state: { count: bytesOf("41") } };
      const reply = await world.admin.ask("POST", "/services/Counter/state", body);
      equal(reply.status, 202);
      await eventually(async () => equal(await counterOf(world).get(), 41));
      equal(await counterOf(world).add(1), { before: 41, after: 42 });
    }),

    scenario("an invocation that is none is unknown to every verb", async ({ admin: api }) => {
      const unknown = "inv_1000000000000000000000000000000000000";
      for (const verb of ["cancel", "kill", "purge", "pause", "resume", "restart-as-new"]) {
        const { status } = await api.ask("PATCH", `/invocations/${unknown}/${verb}`);
        holds(status === 404 || status === 400, `${verb}: ${status}`);
      }
    }),

    scenario("who runs is not purged", async (world) => {
      const send = await blockerOf(world).block("sleep");
      await heldAwakeable(world);
      const path = `/invocations/${send.invocationId}`;
      equal((await world.admin.ask("PATCH", `${path}/purge`)).status, 409);
      await world.admin.kill(send.invocationId);
      await fails(resultOf(world, send), { status: 409 });
    }),
  ],
};

export const introspection: ScenarioClass = {
  name: "Introspection",
  scenarios: [
    scenario("an invocation's row says what it is, and what came of it", async (world) => {
      await echoOf(world).nothing();
      const send = await sendToEcho(world).fails({ message: "it fails", code: 418 });
      await fails(resultOf(world, send), { status: 418 });
      const row = await world.admin.invocation(
        send.invocationId,
        "target, target_service_name, target_handler_name, target_service_ty, status, " +
          "completion_result, completion_failure, invoked_by",
      );
      equal(row?.["target"], "Echo/fails");
      equal(row?.["target_service_name"], "Echo");
      equal(row?.["target_handler_name"], "fails");
      equal(row?.["target_service_ty"], "service");
      equal(row?.["status"], "completed");
      equal(row?.["completion_result"], "failure");
      holds(String(row?.["completion_failure"]).includes("it fails"), JSON.stringify(row));
      equal(row?.["invoked_by"], "ingress");
    }),

    scenario("an invocation's journal is told", async (world) => {
      const { ingress, key } = world;
      const client = ingress.objectSendClient<typeof failing>({ name: "Failing" }, key);
      const send = await client.catches({ message: "m" });
      await resultOf(world, send);
      const rows = await world.admin.query(
        `SELECT index, entry_type, name, completed FROM sys_journal ` +
          `WHERE id = '${send.invocationId}' ORDER BY index`,
      );
      const types = rows.map((row) => String(row["entry_type"]));
      equal(types[0], "Command: Input");
      holds(types.includes("Command: Call"), types.join());
      holds(types.includes("Notification: Call"), types.join());
      equal(types.at(-1), "Command: Output");
    }),

    scenario("failed attempts are in the invocation's row and events", async (world) => {
      const { ingress, key } = world;
      const client = ingress.objectSendClient<typeof blocker>({ name: "Blocker" }, key);
      const send = await client.block("step");
      await heldAwakeable(world);
      await holderOf(world).resolve("go on");
      await eventually(async () => {
        const row = await world.admin.invocation(
          send.invocationId,
          "status, retry_count, last_failure, last_failure_related_command_name",
        );
        holds(Number(row?.["retry_count"]) >= 1, JSON.stringify(row));
        holds(String(row?.["last_failure"]).includes("never succeeds"), JSON.stringify(row));
      });
      await eventually(async () => {
        const events = await world.admin.query(
          `SELECT event_type FROM sys_journal_events WHERE id = '${send.invocationId}'`,
        );
        holds(
          events.some((row) => row["event_type"] === "TransientError"),
          JSON.stringify(events),
        );
      });
      await world.admin.kill(send.invocationId);
    }),

    scenario("state, locks, queues and promises have their tables", async (world) => {
      const { admin: api, key } = world;
      await counterOf(world).add(7);
      const [state] = await api.query(
        `SELECT key, value_utf8 FROM state WHERE service_name = 'Counter' AND service_key = '${key}'`,
      );
      equal(state, { key: "count", value_utf8: "7" });
      const first = await blockerOf(world).block("awakeable");
      await heldAwakeable(world);
      const second = await blockerOf(world).block("sleep");
      await until("one waits behind the other", async () => {
        const inbox = await api.query(
          `SELECT id FROM sys_inbox WHERE service_name = 'Blocker' AND service_key = '${key}'`,
        );
        return inbox.length === 1 && inbox[0]?.["id"] === second.invocationId;
      });
      equal(await api.statusOf(second.invocationId), "pending");
      const [lock] = await api.query(
        `SELECT invocation_id FROM sys_keyed_service_status ` +
          `WHERE service_name = 'Blocker' AND service_key = '${key}'`,
      );
      equal(lock?.["invocation_id"], first.invocationId);
      await api.kill(second.invocationId);
      await api.kill(first.invocationId);
    }),

    scenario("a workflow's promise has a row", async (world) => {
      const client = world.ingress.workflowClient<typeof blockAndWait>(
        { name: "BlockAndWait" },
        world.key,
      );
      await client.workflowSubmit("x");
      await client.unblock("word");
      equal(await client.workflowAttach(), "x word");
      const [promise] = await world.admin.query(
        `SELECT key, completed, completion_success_value_utf8 FROM sys_promise ` +
          `WHERE service_name = 'BlockAndWait' AND service_key = '${world.key}'`,
      );
      equal(promise, { key: "word", completed: true, completion_success_value_utf8: '"word"' });
    }),

    scenario("services and deployments have tables, and joins work", async (world) => {
      const rows = await world.admin.query(
        `SELECT s.name, s.ty, d.endpoint FROM sys_service s ` +
          `JOIN sys_deployment d ON d.id = s.deployment_id WHERE s.name IN ('Counter', 'Echo') ` +
          `ORDER BY s.name`,
      );
      equal(
        rows.map((row) => `${String(row["name"])} ${String(row["ty"])}`),
        ["Counter virtual_object", "Echo service"],
      );
      const [count] = await world.admin.query(`SELECT count(1) AS n FROM sys_invocation`);
      holds(Number(count?.["n"]) >= 0, "a count");
    }),

    scenario("what is no query is refused", async ({ admin: api }) => {
      for (const query of ["SELECT", "SELECT * FROM nothing_like_it", "DROP TABLE state"]) {
        const { status } = await api.ask("POST", "/query", { query });
        holds(status >= 400, `${query}: ${status}`);
      }
    }),
  ],
};
