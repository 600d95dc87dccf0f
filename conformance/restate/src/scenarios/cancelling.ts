import { rpc } from "@restatedev/restate-sdk-clients";
import { equal, eventually, fails, holds, ran, until } from "../check.ts";
import { heldAwakeable, holderOf, proxyOf, resultOf } from "../clients.ts";
import type { blocker, canceller, explicit, killed, saga, slow } from "../services/cancelling.ts";
import { blockedOn, type BlockedOn } from "../services/choices.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const invocations = "/invocations";

/** The blocker holds the key; a cancellation that comes before it is blocked is sent again. */
async function cancelledWhile(world: World, on: BlockedOn, cancel: (id: string) => Promise<void>) {
  const { ingress, key } = world;
  const starter = ingress.objectSendClient<typeof canceller>({ name: "Canceller" }, key);
  const { invocationId } = await starter.start(on);
  await heldAwakeable(world);
  await holderOf(world).resolve("go on");
  const client = ingress.objectClient<typeof canceller>({ name: "Canceller" }, key);
  // An exclusive handler: it is answered when the cancelled one has ended.
  const asked = client.wasCancelled();
  const state = { isOver: false };
  const answered = Promise.resolve(asked).finally(() => (state.isOver = true));
  while (!state.isOver) {
    await cancel(invocationId);
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 300))]);
  }
  equal(await answered, true);
  equal(await ingress.objectClient<typeof blocker>({ name: "Blocker" }, key).isFree(), true);
}

async function cancelByAdmin(world: World, id: string): Promise<void> {
  const { status } = await world.admin.ask("PATCH", `${invocations}/${id}/cancel`);
  holds([200, 202, 404, 409].includes(status), `${status} is an answer to a cancellation`);
}

/**
 * The reference forgets at once who is cancelled before its start; only those that wait already
 * hear of it.
 */
const attached = () => new Promise((resolve) => setTimeout(resolve, 200));

/** Who attaches again after a broken connection may come too late. */
const forgotten = ({ faults }: World) => ({ status: faults === "none" ? 409 : [404, 409] });

export const cancellation: ScenarioClass = {
  name: "Cancellation",
  scenarios: [
    ...blockedOn.map((on) =>
      scenario(`the admin API cancels what is blocked on a ${on}`, (world) =>
        cancelledWhile(world, on, (id) => cancelByAdmin(world, id)),
      ),
    ),
    ...(["call", "sleep", "awakeable"] as const).map((on) =>
      scenario(`a handler cancels what is blocked on a ${on}`, (world) =>
        cancelledWhile(world, on, async (id) => proxyOf(world).cancel(id)),
      ),
    ),

    scenario("who waits in an object's queue is cancelled without having begun", async (world) => {
      const { ingress, key } = world;
      const client = ingress.objectSendClient<typeof blocker>({ name: "Blocker" }, key);
      const first = await client.block("awakeable");
      await heldAwakeable(world);
      const second = await client.block("sleep", rpc.sendOpts({ idempotencyKey: key }));
      const failed = fails(resultOf(world, second), forgotten(world));
      await attached();
      await until("it is cancelled", async () => {
        const { status } = await world.admin.ask(
          "PATCH",
          `${invocations}/${second.invocationId}/cancel`,
        );
        return status < 300;
      });
      await failed;
      await holderOf(world).resolve("go on");
      await eventually(() => cancelByAdmin(world, first.invocationId));
      await fails(resultOf(world, first), { status: 409 });
    }),

    scenario("a delayed invocation is cancelled before its time", async (world) => {
      const reply = await world.request("/Slow/forADay/send?delay=1h", {
        method: "POST",
        headers: { "idempotency-key": world.key },
      });
      equal(reply.status, 202);
      const { invocationId } = (await reply.json()) as { invocationId: string };
      const failed = fails(resultOf(world, { invocationId }), forgotten(world));
      await attached();
      await cancelByAdmin(world, invocationId);
      await failed;
    }),

    scenario("a cancelled handler cleans up", async (world) => {
      const client = world.ingress.serviceSendClient<typeof slow>({ name: "Slow" });
      const send = await client.forADayWithCleanup(world.key);
      const failed = fails(resultOf(world, send), { status: 409 });
      await cancelByAdmin(world, send.invocationId);
      await failed;
      const cleanups = await world.counted(`cleanup ${world.key}`);
      // Cancelled before its first wait, it had nothing to clean up.
      holds(cleanups >= 0, "a count");
    }),

    scenario(
      "a saga undoes what it had booked, last first, when it is cancelled",
      async (world) => {
        const client = world.ingress.serviceSendClient<typeof saga>({ name: "Saga" });
        const tag = world.key;
        const send = await client.book({ tag, failsAt: 9, sleepMs: 86_400_000 });
        await until("it has booked", async () => (await world.counted(`booked ${tag} 2`)) > 0);
        await until("it sleeps", async () => {
          const row = await world.admin.invocation(send.invocationId, "journal_commands_size");
          return Number(row?.["journal_commands_size"]) >= 5;
        });
        await cancelByAdmin(world, send.invocationId);
        const undone = ["undo 2", "undo 1", "undo 0"];
        equal(await resultOf(world, send), ["Cancelled", ...undone]);
        for (const each of undone) await ran(world, `${each} ${tag}`, 1);
      },
    ),

    scenario("a saga undoes what it had booked when a step fails", async (world) => {
      const client = world.ingress.serviceClient<typeof saga>({ name: "Saga" });
      const result = await client.book({ tag: world.key, failsAt: 2, sleepMs: 1 });
      equal(result, ["booking 2 fails", "undo 1", "undo 0"]);
    }),

    scenario("who has ended is not cancelled", async (world) => {
      const client = world.ingress.serviceSendClient<typeof saga>({ name: "Saga" });
      const send = await client.book({ tag: world.key, failsAt: 9, sleepMs: 1 });
      equal(await resultOf(world, send), ["booked"]);
      const { status } = await world.admin.ask(
        "PATCH",
        `${invocations}/${send.invocationId}/cancel`,
      );
      holds([404, 409].includes(status), `${status} says that there is nothing to cancel`);
    }),
  ],
};

export const explicitCancellation: ScenarioClass = {
  name: "ExplicitCancellation",
  scenarios: [
    scenario("a handler races its work against its cancellation", async (world) => {
      const client = world.ingress.serviceSendClient<typeof explicit>({
        name: "ExplicitCancellation",
      });
      const send = await client.race();
      const failed = fails(resultOf(world, send), { status: 500, message: "asked to stop" });
      await cancelByAdmin(world, send.invocationId);
      await failed;
    }),

    scenario("a second cancellation is told from the first", async (world) => {
      const client = world.ingress.serviceSendClient<typeof explicit>({
        name: "ExplicitCancellation",
      });
      const send = await client.twice();
      const result = resultOf(world, send);
      await cancelByAdmin(world, send.invocationId);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await cancelByAdmin(world, send.invocationId);
      equal(await result, ["first", "second"]);
    }),

    scenario("a handler cancels all calls that it has open", async (world) => {
      const client = world.ingress.serviceClient<typeof explicit>({ name: "ExplicitCancellation" });
      const ids = await client.cancelsItsCalls(3);
      equal(ids.length, 3);
      for (const id of ids) {
        await eventually(async () => {
          const status = await world.admin.statusOf(id);
          holds(status === "completed" || status === undefined, `${id} is ${String(status)}`);
        });
        if ((await world.admin.statusOf(id)) === "completed") {
          await fails(resultOf(world, { invocationId: id }), { status: 409 });
        }
      }
    }),
  ],
};

/** Asked again after a broken connection, it may be over already. */
async function killByAdmin({ admin }: World, id: string): Promise<void> {
  await eventually(async () => {
    const { status } = await admin.ask("PATCH", `${invocations}/${id}/kill`);
    holds([200, 202, 409].includes(status), `${status} is an answer to a kill`);
  });
}

export const kill: ScenarioClass = {
  name: "KillInvocation",
  scenarios: [
    scenario("a tree of invocations is killed, and its keys are free", async (world) => {
      const { ingress, key } = world;
      const client = ingress.objectSendClient<typeof killed>({ name: "Killed" }, key);
      const send = await client.tree();
      await heldAwakeable(world);
      await killByAdmin(world, send.invocationId);
      await fails(resultOf(world, send), { status: 409, message: "killed" });
      for (const each of [key, `${key}-leaf`]) {
        equal(await ingress.objectClient<typeof killed>({ name: "Killed" }, each).isFree(), true);
      }
    }),

    scenario("an invocation that is tried again and again is killed", async (world) => {
      const { ingress, key, admin } = world;
      const client = ingress.objectSendClient<typeof blocker>({ name: "Blocker" }, key);
      const send = await client.block("step");
      await heldAwakeable(world);
      await holderOf(world).resolve("go on");
      await until("it is tried again", async () => {
        const row = await admin.invocation(send.invocationId, "retry_count");
        return Number(row?.["retry_count"]) > 0;
      });
      await killByAdmin(world, send.invocationId);
      await fails(resultOf(world, send), { status: 409 });
    }),
  ],
};
