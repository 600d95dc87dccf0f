import { equal, fails, holds, ran } from "../check.ts";
import type { failing, runs } from "../services/failing.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const failingOf = ({ ingress, key }: World) =>
  ingress.objectClient<typeof failing>({ name: "Failing" }, key);

const runsOf = ({ ingress }: World) => ingress.serviceClient<typeof runs>({ name: "Runs" });

const metadata = { key1: "value1", key2: "value 2 ü" };

async function failsWithMetadata(world: World, handler: "terminally" | "calls" | "inAStep") {
  const message = `${handler} with metadata`;
  const text = await fails(failingOf(world)[handler]({ message, metadata, code: 417 }), {
    status: 417,
    message,
  });
  const body = JSON.parse(text) as { message: string; code: number; metadata: unknown };
  equal(body.metadata, metadata);
  equal(body.code, 417);
}

export const userErrors: ScenarioClass = {
  name: "UserErrors",
  scenarios: [
    scenario("a terminal failure is the caller's answer, each time", async (world) => {
      for (let i = 0; i < 3; i++) {
        const message = `failure ${i}`;
        await fails(failingOf(world).terminally({ message }), { status: 500, message });
      }
    }),

    scenario("a terminal failure has the code that it was given", async (world) => {
      const failed = failingOf(world).terminally({ message: "gone", code: 410 });
      await fails(failed, { status: 410, message: "gone" });
    }),

    scenario("a failure that is passed on keeps its words", async (world) => {
      const failed = failingOf(world).calls({ message: "from below", code: 409 });
      await fails(failed, { status: 409, message: "from below" });
    }),

    scenario("a handler catches its callee's failure, with code and metadata", async (world) => {
      const failure = { message: "caught", code: 444, metadata };
      equal(await failingOf(world).catches(failure), failure);
    }),

    scenario("a step's terminal failure is the handler's", async (world) => {
      const failed = failingOf(world).inAStep({ message: "the step fails", code: 418 });
      await fails(failed, { status: 418, message: "the step fails" });
    }),

    scenario("metadata of a failure arrives", (world) => failsWithMetadata(world, "terminally")),

    scenario("metadata of a callee's failure arrives", (world) =>
      failsWithMetadata(world, "calls"),
    ),

    scenario("metadata of a step's failure arrives", (world) =>
      failsWithMetadata(world, "inAStep"),
    ),

    scenario("an invocation is tried again until it succeeds", async (world) => {
      const attempts = await failingOf(world).succeedsAtAttempt(4);
      holds(attempts >= 4, `${attempts} attempts`);
      await ran(world, `attempt ${world.key}`, 4);
    }),

    scenario("work that was done before a failure is not done again", async (world) => {
      const [worked] = await failingOf(world).succeedsAfterWork(3);
      if (world.faults === "none") equal(worked, 1);
      await ran(world, `work ${world.key}`, 1);
    }),

    scenario("an error may be declared terminal by its type", async (world) => {
      await fails(failingOf(world).asTerminal(), { status: 416, message: "far away" });
    }),

    scenario("the answer says whose failure it is", async (world) => {
      const reply = await world.request(`/Failing/${world.key}/terminally`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ message: "mine", code: 503 }),
      });
      equal(reply.status, 503);
      equal(reply.headers.get("x-restate-error-source"), "invocation");
      holds(reply.headers.get("x-restate-id")?.startsWith("inv_1") === true, "the id is told");
      await reply.text();
    }),
  ],
};

export const runFlush: ScenarioClass = {
  name: "RunFlush",
  scenarios: [
    scenario("a step's result is kept before the next step begins", async (world) => {
      equal((await runsOf(world).flush({ tag: world.key, count: 4 })).length, 4);
      for (let i = 0; i < 4; i++) await ran(world, `${world.key} ${i}`, 1);
    }),

    scenario("steps that are started at once come back in their order", async (world) => {
      equal(
        await runsOf(world).atOnce(12),
        Array.from({ length: 12 }, (_, i) => i),
      );
    }),

    scenario("a result of a megabyte is kept and replayed", async (world) => {
      equal(await runsOf(world).large(1_000_000), 1_000_000);
    }),
  ],
};

export const runRetry: ScenarioClass = {
  name: "RunRetry",
  scenarios: [
    scenario("a step is tried again until it succeeds", async (world) => {
      const tag = world.key;
      holds((await runsOf(world).succeedsAtAttempt({ tag, attempts: 3 })) >= 3, "three attempts");
      await ran(world, tag, 3);
    }),

    scenario("a step with one attempt is executed once", async (world) => {
      const tag = world.key;
      holds((await runsOf(world).exhausted({ tag, attempts: 1 })) >= 1, "one attempt");
      await ran(world, tag, 1);
    }),

    scenario("a step fails for good when its attempts are exhausted", async (world) => {
      const tag = world.key;
      holds((await runsOf(world).exhausted({ tag, attempts: 3 })) >= 3, "three attempts");
      await ran(world, tag, 3);
    }),

    scenario("a step fails for good when its time is over", async (world) => {
      const tag = world.key;
      const message = await runsOf(world).exhaustedByTime({ tag, ms: 150 });
      holds(message.includes("fails"), `"${message}" is the last attempt's`);
      holds((await world.counted(tag)) >= 2, "it was tried again");
    }),

    scenario("an error says when the next attempt may be", async (world) => {
      const startedMs = performance.now();
      equal(await runsOf(world).retryAfter({ tag: world.key, ms: 700 }), 700);
      const tookMs = performance.now() - startedMs;
      if (world.faults === "none") holds(tookMs >= 690, `it took ${tookMs} ms`);
    }),
  ],
};

export const randomness: ScenarioClass = {
  name: "Randomness",
  scenarios: [
    scenario("an invocation draws the same in every attempt", async (world) => {
      const [a, b, c, d] = await runsOf(world).randomNames(world.key);
      equal([c, d], [a, b]);
    }),

    scenario("two invocations draw differently", async (world) => {
      const [one, two] = await Promise.all([runsOf(world).random(), runsOf(world).random()]);
      equal(one.length, 4);
      equal(new Set([...one, ...two]).size, 8);
    }),
  ],
};
