import { equal, eventually, fails, holds, until } from "../check.ts";
import { counterOf, heldAwakeable, resultOf } from "../clients.ts";
import { commandLine } from "../command-line.ts";
import type { blocker } from "../services/cancelling.ts";
import type { versioned } from "../services/own.ts";
import { scenario, type Needs, type ScenarioClass, type World } from "../world.ts";

const needs: Needs = {
  modes: ["bidi"],
  calm: "a command gives up where its connection breaks",
};

async function says(
  world: World,
  args: readonly string[],
  ...words: readonly string[]
): Promise<string> {
  const { code, out, err } = await commandLine(world, ...args);
  holds(code === 0, `restate ${args.join(" ")} ended with ${code}: ${out}\n${err}`);
  for (const word of words) holds(out.includes(word), `"${out}" has "${word}"`);
  return out;
}

/** Deployments of other scenarios may go while a list of all is made: it is asked for again. */
const lists = (world: World, args: readonly string[], ...words: readonly string[]) =>
  eventually(() => says(world, args, ...words));

async function blocked(world: World) {
  const { ingress, key } = world;
  const client = ingress.objectSendClient<typeof blocker>({ name: "Blocker" }, key);
  const send = await client.block("sleep");
  await heldAwakeable(world);
  await until("it waits", async () => (await world.admin.statusOf(send.invocationId)) !== "ready");
  return send;
}

async function pausedOne(world: World) {
  const services = await world.own();
  const name = services.named("Versioned") as "Versioned";
  const client = world.ingress.serviceSendClient<typeof versioned>({ name });
  const send = await client.breaksUntil({ tag: world.key, attempt: 3 });
  await until(
    "it is paused",
    async () => (await world.admin.statusOf(send.invocationId)) === "paused",
  );
  return send;
}

export const commandLineScenarios: ScenarioClass = {
  name: "CommandLine",
  scenarios: [
    scenario(
      "restate whoami",
      async (world) => void (await says(world, ["whoami"], world.adminUrl)),
      needs,
    ),

    scenario(
      "restate services list, describe and status",
      async (world) => {
        await lists(world, ["services", "list"], "Counter", "virtual object", "[private]");
        await says(
          world,
          ["services", "describe", "Counter"],
          "VirtualObject",
          "addThenFail",
          "restate-sdk-typescript/1.17.2",
        );
        await lists(world, ["services", "status"], "Counter", "addThenFail");
        await blocked(world);
        await says(world, ["services", "status", "Blocker"], "Blocker", "block");
      },
      needs,
    ),

    scenario(
      "restate deployments register, list, describe and remove",
      async (world) => {
        const services = await world.own();
        await world.admin.done("DELETE", `/deployments/${services.deployment}?force=true`);
        const { url } = services.process;
        await says(world, ["deployments", "register", url], services.named("Own"));
        const list = await lists(world, ["deployments", "list"], url);
        const line = list.split("\n").find((each) => each.includes(url)) ?? "";
        const id = /dp_1\w+/.exec(line)?.[0] ?? "";
        await says(world, ["deployments", "describe", id], url, services.named("Own"));
        await says(world, ["deployments", "remove", id, "--force"]);
        const after = await lists(world, ["deployments", "list"]);
        equal(after.includes(url), false);
      },
      needs,
    ),

    scenario(
      "restate invocations list and describe",
      async (world) => {
        const { invocationId } = await blocked(world);
        const target = `Blocker/${world.key}/block`;
        await says(world, ["invocations", "list", "--service", "Blocker"], invocationId, target);
        await says(
          world,
          ["invocations", "describe", invocationId],
          target,
          "Command: Input",
          "AwakeableHolder",
          "restate-sdk-typescript/1.17.2",
        );
      },
      needs,
    ),

    scenario(
      "restate invocations cancel",
      async (world) => {
        const send = await blocked(world);
        await says(world, ["invocations", "cancel", send.invocationId], send.invocationId);
        await fails(resultOf(world, send), { status: 409 });
      },
      needs,
    ),

    scenario(
      "restate invocations kill",
      async (world) => {
        const send = await blocked(world);
        await says(world, ["invocations", "kill", send.invocationId], send.invocationId);
        await fails(resultOf(world, send), { status: 409, message: "killed" });
      },
      needs,
    ),

    scenario(
      "restate invocations cancel, by the object's key",
      async (world) => {
        const send = await blocked(world);
        await says(world, ["invocations", "cancel", `Blocker/${world.key}`], send.invocationId);
        await fails(resultOf(world, send), { status: 409 });
      },
      needs,
    ),

    scenario(
      "restate invocations list --status paused, and resume",
      async (world) => {
        const send = await pausedOne(world);
        const list = ["invocations", "list", "--status", "paused"];
        await says(world, list, send.invocationId, "paused");
        await says(world, ["invocations", "resume", send.invocationId], send.invocationId);
        equal(await resultOf(world, send), "done");
      },
      needs,
    ),

    scenario(
      "restate invocations purge and restart-as-new",
      async (world) => {
        const services = await world.own();
        const name = services.named("Versioned") as "Versioned";
        const client = world.ingress.serviceSendClient<typeof versioned>({ name });
        const send = await client.which();
        equal(await resultOf(world, send), "first");
        const id = send.invocationId;
        await says(world, ["invocations", "restart-as-new", id], id);
        await eventually(async () => {
          const rows = await world.admin.query(
            `SELECT id FROM sys_invocation WHERE target_service_name = '${name}'`,
          );
          holds(rows.length >= 2, `${rows.length} invocations`);
        });
        await says(world, ["invocations", "purge", id], id);
        await eventually(async () => equal(await world.admin.invocation(id), undefined));
      },
      needs,
    ),

    scenario(
      "restate state get, patch and clear",
      async (world) => {
        await counterOf(world).add(3);
        await says(world, ["state", "get", "Counter", world.key], "count", "3");
        const plain = await says(world, ["state", "get", "Counter", world.key, "--plain"]);
        equal(JSON.parse(plain) as unknown, { count: 3 });
        await says(world, ["state", "clear", `Counter/${world.key}`]);
        await eventually(async () => equal(await counterOf(world).get(), 0));
      },
      needs,
    ),

    scenario(
      "restate sql, as a table and as JSON",
      async (world) => {
        const { invocationId } = await blocked(world);
        const sql = `SELECT id, target, status FROM sys_invocation WHERE id = '${invocationId}'`;
        await says(world, ["sql", sql], invocationId, `Blocker/${world.key}/block`);
        const [row] = JSON.parse(await says(world, ["sql", "--json", sql])) as { id: string }[];
        equal(row?.id, invocationId);
      },
      needs,
    ),
  ],
};
