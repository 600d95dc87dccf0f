import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rpc } from "@restatedev/restate-sdk-clients";
import { equal, eventually, fails, holds, until } from "../check.ts";
import { resultOf } from "../clients.ts";
import { publicKeyOf } from "../signing.ts";
import type { forgetful, own, ownCounter, versioned } from "../services/own.ts";
import {
  scenario,
  type Needs,
  type OwnServices,
  type ScenarioClass,
  type Solo,
  type World,
} from "../world.ts";

/** Its server is its own, and is disturbed by the scenario alone. */
const alone: Needs = {
  modes: ["bidi", "always-suspending"],
  calm: "has a server of its own, which nothing else disturbs",
};

async function keepsItsState(solo: Solo, ending: (solo: Solo) => Promise<void>) {
  const counter = () => solo.ingress.objectClient<typeof ownCounter>({ name: "OwnCounter" }, "k");
  equal(await counter().add(1), 1);
  const sleeps = solo.ingress.serviceSendClient<typeof own>({ name: "Own" });
  const send = await sleeps.sleep(1_000);
  await until("it sleeps", async () => {
    const row = await solo.admin.invocation(send.invocationId, "journal_commands_size");
    return Number(row?.["journal_commands_size"]) >= 3;
  });
  const startedMs = performance.now();
  await ending(solo);
  await solo.server.start();
  const opts = rpc.opts<number, number>({ idempotencyKey: "second" });
  equal(await eventually(() => counter().add(2, opts)), 3);
  const result = await eventually(() =>
    solo.ingress.result({ ...send, attachable: true, status: "Accepted" }),
  );
  equal(Number(result), 1);
  holds(performance.now() - startedMs < 60_000, "it did not wait for ever");
}

export const endOfTheServer: ScenarioClass = {
  name: "EndOfTheServer",
  scenarios: [
    scenario(
      "a server that is killed keeps state, and what sleeps",
      async (world) => keepsItsState(await world.solo(), ({ server }) => server.kill()),
      alone,
    ),
    scenario(
      "a server that is stopped keeps state, and what sleeps",
      async (world) => keepsItsState(await world.solo(), ({ server }) => server.stop()),
      alone,
    ),
  ],
};

export const requestSigning: ScenarioClass = {
  name: "ProxyRequestSigning",
  scenarios: [
    scenario(
      "requests to services are signed with the server's key",
      async (world) => {
        const folder = await mkdtemp(join(tmpdir(), "perdure-conformance-"));
        try {
          const { privateKey, publicKey } = generateKeyPairSync("ed25519");
          const identityKeyFile = join(folder, "key.pem");
          await writeFile(identityKeyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
          const identityKeys = [publicKeyOf(publicKey)];
          const { ingress } = await world.solo({ identityKeyFile, services: { identityKeys } });
          equal(await ingress.serviceClient<typeof own>({ name: "Own" }).say("x"), "own: x");
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
      alone,
    ),

    scenario(
      "services that ask for another key are not registered",
      async (world) => {
        const { publicKey } = generateKeyPairSync("ed25519");
        const failed = world.own({ identityKeys: [publicKeyOf(publicKey)] }).then(
          () => "registered",
          (error: unknown) => String(error),
        );
        holds((await failed).includes("POST /deployments"), await failed);
      },
      { modes: ["bidi"] },
    ),
  ],
};

const versionedOf = ({ ingress }: World, services: OwnServices) =>
  ingress.serviceSendClient<typeof versioned>({ name: services.named("Versioned") as "Versioned" });

const callVersioned = ({ ingress }: World, services: OwnServices) =>
  ingress.serviceClient<typeof versioned>({ name: services.named("Versioned") as "Versioned" });

/** Its code is replaced at the same address, as a deployment that is overwritten. */
async function becomeSecond(world: World, services: OwnServices): Promise<void> {
  await services.process.end("SIGTERM");
  await services.process.start({ set: "second-version" });
  await world.admin.register(services.process.url, { force: true });
}

async function paused(world: World, id: string): Promise<void> {
  await until("it is paused", async () => (await world.admin.statusOf(id)) === "paused");
}

/** Fault runs spend attempts on broken connections. */
const exactAttempts: Needs = { calm: "attempts are spent on broken connections" };

export const retryPolicies: ScenarioClass = {
  name: "RetryPolicies",
  scenarios: [
    scenario(
      "an invocation pauses when its attempts are exhausted, and is resumed",
      async (world) => {
        const services = await world.own();
        const tag = world.key;
        const send = await versionedOf(world, services).breaksUntil({ tag, attempt: 3 });
        await paused(world, send.invocationId);
        equal(await services.process.counted(`breaks ${tag}`), 2);
        await world.admin.done("PATCH", `/invocations/${send.invocationId}/resume`);
        equal(await resultOf(world, send), "done");
      },
      exactAttempts,
    ),

    scenario(
      "an invocation is killed when its attempts are exhausted, if the policy says so",
      async (world) => {
        const services = await world.own();
        const send = await versionedOf(world, services).dies(world.key);
        await fails(resultOf(world, send), { status: [409, 500] });
        equal(await services.process.counted(`dies ${world.key}`), 2);
      },
      exactAttempts,
    ),

    scenario(
      "a paused invocation is killed",
      async (world) => {
        const services = await world.own();
        const send = await versionedOf(world, services).breaks(world.key);
        await paused(world, send.invocationId);
        await world.admin.kill(send.invocationId);
        await fails(resultOf(world, send), { status: 409 });
      },
      exactAttempts,
    ),

    scenario("an invocation that runs is paused and resumed by hand", async (world) => {
      const services = await world.own();
      const send = await versionedOf(world, services).long(1_500);
      const { invocationId } = send;
      await eventually(async () => {
        const { status } = await world.admin.ask("PATCH", `/invocations/${invocationId}/pause`);
        holds([200, 202, 409].includes(status), `${status} is an answer to a pause`);
        const now = await world.admin.statusOf(invocationId);
        holds(now === "paused" || now === "completed", String(now));
      });
      await world.admin.ask("PATCH", `/invocations/${invocationId}/resume`);
      equal(await resultOf(world, send), "first first");
    }),
  ],
};

export const versions: ScenarioClass = {
  name: "Deployments",
  scenarios: [
    scenario("a registration that says nothing new is the same", async (world) => {
      const services = await world.own();
      const again = await world.admin.register(services.process.url);
      equal(again.id, services.deployment);
    }),

    scenario(
      "other services at the same address change nothing, unless by force",
      async (world) => {
        const services = await world.own();
        await services.process.end("SIGTERM");
        const suffix = `_${world.key}other`;
        await services.process.start({ set: "second-version", suffix });
        const { admin } = world;
        // The reference says that it knows the address; a refusal is as good.
        const reply = await admin.ask("POST", "/deployments", { uri: services.process.url });
        holds([200, 409].includes(reply.status), JSON.stringify(reply));
        equal((await admin.ask("GET", `/services/${services.named("Own")}`)).status, 200);
        equal((await admin.ask("GET", `/services/Own${suffix}`)).status, 404);
        await admin.register(services.process.url, { force: true });
        equal((await admin.ask("GET", `/services/Own${suffix}`)).status, 200);
      },
    ),

    scenario(
      "new code at a new address takes new calls; what runs stays where it is",
      async (world) => {
        const first = await world.own();
        equal(await callVersioned(world, first).which(), "first");
        const send = await versionedOf(world, first).long(1_200);
        await until("it has begun", async () => {
          const row = await world.admin.invocation(send.invocationId, "pinned_deployment_id");
          return row?.["pinned_deployment_id"] === first.deployment;
        });
        const second = await world.own({ set: "second-version" });
        equal(await callVersioned(world, second).which(), "second");
        const added = await world.request(`/${second.named("Versioned")}/added`, {
          method: "POST",
        });
        equal(await added.json(), "added");
        equal(await resultOf(world, send), "first first");
      },
    ),

    scenario(
      "a paused invocation goes on with repaired code at its address",
      async (world) => {
        const services = await world.own();
        const send = await versionedOf(world, services).breaks(world.key);
        await paused(world, send.invocationId);
        await becomeSecond(world, services);
        await world.admin.done("PATCH", `/invocations/${send.invocationId}/resume`);
        equal(await resultOf(world, send), "first second");
      },
      exactAttempts,
    ),

    scenario(
      "a paused invocation goes on with a later deployment",
      async (world) => {
        const first = await world.own();
        const send = await versionedOf(world, first).breaks(world.key);
        await paused(world, send.invocationId);
        await world.own({ set: "second-version" });
        const path = `/invocations/${send.invocationId}/resume?deployment=latest`;
        await world.admin.done("PATCH", path);
        equal(await resultOf(world, send), "first second");
      },
      exactAttempts,
    ),

    scenario("a trial run of a registration changes nothing", async (world) => {
      const services = await world.own();
      await services.process.end("SIGTERM");
      await services.process.start({ set: "second-version" });
      const uri = services.process.url;
      const body = { uri, dry_run: true, force: true };
      const reply = await world.admin.ask("POST", "/deployments", body);
      holds(reply.status < 300, JSON.stringify(reply));
      const { handlers } = (await world.admin.done(
        "GET",
        `/services/${services.named("Versioned")}`,
      )) as { handlers: { name: string }[] };
      equal(
        handlers.some(({ name }) => name === "added"),
        false,
      );
    }),

    scenario("a service that is removed is unknown", async (world) => {
      const services = await world.own();
      const name = services.named("Own");
      await world.admin.done("DELETE", `/deployments/${services.deployment}?force=true`);
      const reply = await world.request(`/${name}/say`, { method: "POST", body: '"x"' });
      await reply.text();
      equal(reply.status, 404);
      equal((await world.admin.ask("GET", `/services/${name}`)).status, 404);
    }),

    scenario(
      "services over HTTP/1.1 are served like others",
      async (world) => {
        const services = await world.own({ http1: true });
        const client = callVersioned(world, services);
        equal(await client.which(), "first");
        equal(await client.long(30), "first first");
      },
      { modes: ["bidi"] },
    ),
  ],
};

export const restarts: ScenarioClass = {
  name: "RestartAsNew",
  scenarios: [
    scenario(
      "an invocation that has ended starts anew",
      async (world) => {
        const services = await world.own();
        const send = await versionedOf(world, services).steps(world.key);
        await fails(resultOf(world, send), { status: 500, message: "the third step fails" });
        const { new_invocation_id: invocationId } = (await world.admin.done(
          "PATCH",
          `/invocations/${send.invocationId}/restart-as-new`,
        )) as { new_invocation_id: string };
        holds(invocationId !== send.invocationId, "it is another one");
        equal(await resultOf<unknown>(world, { invocationId }), "2 2");
      },
      exactAttempts,
    ),

    scenario(
      "an invocation starts anew after a part of its journal",
      async (world) => {
        const services = await world.own();
        const send = await versionedOf(world, services).steps(world.key);
        await fails(resultOf(world, send), { status: 500, message: "the third step fails" });
        const { new_invocation_id: invocationId } = (await world.admin.done(
          "PATCH",
          `/invocations/${send.invocationId}/restart-as-new?from=1`,
        )) as { new_invocation_id: string };
        // The first step is taken from the journal; the second is done again.
        equal(await resultOf<unknown>(world, { invocationId }), "1 2");
      },
      exactAttempts,
    ),

    scenario("an invocation that runs does not start anew", async (world) => {
      const services = await world.own();
      const send = await versionedOf(world, services).long(60_000);
      const path = `/invocations/${send.invocationId}/restart-as-new`;
      await eventually(async () => equal((await world.admin.ask("PATCH", path)).status, 409));
      await world.admin.kill(send.invocationId);
    }),
  ],
};

export const retention: ScenarioClass = {
  name: "Retention",
  scenarios: [
    scenario(
      "an answer is kept as long as its service says",
      async (world) => {
        const services = await world.own();
        const client = world.ingress.serviceClient<typeof forgetful>({
          name: services.named("Forgetful") as "Forgetful",
        });
        const opts = rpc.opts<string, number>({ idempotencyKey: world.key });
        equal(await client.count(world.key, opts), 1);
        equal(await client.count(world.key, opts), 1);
        // It lives a second, and is cleared away soon after that.
        await eventually(async () => equal(await client.count(world.key, opts), 2));
      },
      exactAttempts,
    ),

    scenario("who has ended is forgotten on request", async (world) => {
      const services = await world.own();
      const send = await versionedOf(world, services).which();
      equal(await resultOf(world, send), "first");
      await world.admin.done("PATCH", `/invocations/${send.invocationId}/purge`);
      await until("it is forgotten", async () => {
        const { status } = await world.admin.ask("PATCH", `/invocations/${send.invocationId}/kill`);
        return status === 404;
      });
      equal(await world.admin.invocation(send.invocationId), undefined);
    }),
  ],
};

export const ownDeployments: readonly ScenarioClass[] = [
  endOfTheServer,
  requestSigning,
  retryPolicies,
  versions,
  restarts,
  retention,
];
