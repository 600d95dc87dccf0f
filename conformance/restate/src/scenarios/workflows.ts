import { equal, fails, ran, until } from "../check.ts";
import type { blockAndWait, failingWorkflow, workflowCaller } from "../services/workflows.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const workflowOf = ({ ingress, key }: World) =>
  ingress.workflowClient<typeof blockAndWait>({ name: "BlockAndWait" }, key);

const callerOf = ({ ingress }: World) =>
  ingress.serviceClient<typeof workflowCaller>({ name: "WorkflowCaller" });

export const workflow: ScenarioClass = {
  name: "WorkflowAPI",
  scenarios: [
    scenario("a promise that is resolved lets a workflow end", async (world) => {
      const client = workflowOf(world);
      const sent = await client.workflowSubmit("Ada");
      if (world.faults === "none") equal(sent.status, "Accepted");
      await until("its state is set", async () => (await client.input()) === "Ada");
      equal(await client.peek(), null);
      equal((await client.workflowOutput()).ready, false);
      await client.unblock("Lovelace");
      equal(await client.workflowAttach(), "Ada Lovelace");
      const output = await client.workflowOutput();
      equal(output.ready, true);
      equal(output.result, "Ada Lovelace");
      equal(await client.peek(), "Lovelace");
      await ran(world, `workflow ${world.key}`, 1);
    }),

    scenario("a second submission finds the first", async (world) => {
      const client = workflowOf(world);
      const first = await client.workflowSubmit("first");
      const second = await client.workflowSubmit("second");
      equal(second.status, "PreviouslyAccepted");
      equal(second.invocationId, first.invocationId);
      await client.unblock("x");
      equal(await client.workflowAttach(), "first x");
      equal((await client.workflowSubmit("third")).status, "PreviouslyAccepted");
    }),

    scenario("a second call of a workflow is refused", async (world) => {
      const client = workflowOf(world);
      await client.workflowSubmit("first");
      const again = () =>
        world.request(`/BlockAndWait/${world.key}/run`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '"again"',
        });
      const reply = await again();
      equal(reply.status, 409);
      await reply.text();
      await client.unblock("x");
      equal(await client.workflowAttach(), "first x");
      const afterTheEnd = await again();
      equal(afterTheEnd.status, 409);
      await afterTheEnd.text();
    }),

    scenario("a promise is settled once", async (world) => {
      const client = workflowOf(world);
      await client.workflowSubmit("x");
      const first = await world.request(`/BlockAndWait/${world.key}/unblock`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": `${world.key}-1` },
        body: '"one"',
      });
      equal(first.status, 200);
      await first.text();
      await fails(client.unblock("two"), { status: 409 });
      equal(await client.workflowAttach(), "x one");
    }),

    scenario("a rejected promise fails the workflow that waits for it", async (world) => {
      const client = workflowOf(world);
      await client.workflowSubmit("x");
      await client.fail("no word");
      await fails(client.workflowAttach(), { status: 500, message: "no word" });
      await fails(client.workflowOutput(), { status: 500, message: "no word" });
    }),

    scenario("shared handlers wait for a promise, too", async (world) => {
      const client = workflowOf(world);
      await client.workflowSubmit("x");
      const waits = [client.wait(), client.wait()];
      await until("it has begun", async () => (await client.input()) === "x");
      await client.unblock("word");
      equal(await Promise.all(waits), ["word", "word"]);
    }),

    scenario("a promise may be settled before the workflow begins", async (world) => {
      const client = workflowOf(world);
      await client.unblock("early");
      await client.workflowSubmit("x");
      equal(await client.workflowAttach(), "x early");
    }),

    scenario("a failed workflow's failure is kept", async (world) => {
      const client = world.ingress.workflowClient<typeof failingWorkflow>(
        { name: "FailingWorkflow" },
        world.key,
      );
      await client.workflowSubmit("bad input");
      await fails(client.workflowAttach(), { status: 422, message: "bad input" });
      await fails(client.workflowAttach(), { status: 422, message: "bad input" });
    }),

    scenario("a handler calls a workflow and unblocks it", async (world) => {
      equal(await callerOf(world).call(world.key), "called by the caller");
    }),

    scenario(
      "a handler sends to a workflow twice, and attaches to the one that it is",
      async (world) => {
        const [output, one, two] = await callerOf(world).sendAndAttach(world.key);
        equal(output, "sent later");
        equal(two, one);
      },
    ),

    scenario("a workflow's run is looked up by its name and key", async (world) => {
      const target = { target: "workflow", workflowName: "BlockAndWait", workflowKey: world.key };
      const ask = (path: string) =>
        world.request(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(target),
        });
      const client = workflowOf(world);
      const { invocationId } = await client.workflowSubmit("x");
      const found = (await (await ask("/restate/lookup")).json()) as { invocationId: string };
      equal(found.invocationId, invocationId);
      await client.unblock("y");
      equal(await (await ask("/restate/attach")).json(), "x y");
      equal(await (await ask("/restate/output")).json(), "x y");
    }),

    scenario("nobody has begun a workflow that is unknown", async (world) => {
      const reply = await world.request(`/restate/workflow/BlockAndWait/${world.key}/output`);
      equal(reply.status, 404);
      await reply.text();
    }),
  ],
};
