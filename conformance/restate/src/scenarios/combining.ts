import { equal, fails, until } from "../check.ts";
import { combinerOf, signalsOf, resultOf } from "../clients.ts";
import type { combiner, Combination, Leaf, promises } from "../services/combining.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const signalNamed = (name: string): Leaf => ({ kind: "signal", name });
const step = (value: string): Leaf => ({ kind: "step", value });
const failingStep = (message: string): Leaf => ({ kind: "failing step", message });
const awakeableNamed = (name: string): Leaf => ({ kind: "awakeable", name });

type Said =
  | readonly [name: string, value: string]
  | readonly [name: string, value: null, why: string];

/** Starts the combination, then settles its signals in this order. */
async function withSignals(world: World, combination: Combination, said: readonly Said[]) {
  const { ingress, key } = world;
  const client = ingress.objectSendClient<typeof combiner>({ name: "Combiner" }, key);
  const send = await client.combineAndSleep(combination);
  const id = send.invocationId;
  for (const [name, value, reason] of said) {
    if (value === null) await signalsOf(world).reject({ id, name, reason });
    else await signalsOf(world).resolve({ id, name, values: [value] });
  }
  return send;
}

const promisesOf = ({ ingress }: World) =>
  ingress.serviceClient<typeof promises>({ name: "Promises" });

async function toPromises(world: World, handler: "sharedBySettledRaces" | "mappedFailure") {
  const client = world.ingress.serviceSendClient<typeof promises>({ name: "Promises" });
  const send = await client[handler]();
  const id = send.invocationId;
  await signalsOf(world).resolve({ id, name: "shared", values: ["from the shared one"] });
  return send;
}

export const combinators: ScenarioClass = {
  name: "Combinators",
  scenarios: [
    scenario("of an awakeable and a sleep the sleep comes first", async (world) => {
      const of = [awakeableNamed("a"), { kind: "sleep", ms: 60 } as const];
      equal(await combinerOf(world).combine({ combinator: "race", of }), "slept 60");
    }),

    scenario("a combination that nothing settles ends by its timeout", async (world) => {
      const combination: Combination = { combinator: "all", of: [awakeableNamed("a"), step("b")] };
      equal(await combinerOf(world).combineWithin({ combination, ms: 60 }), "timeout");
    }),

    scenario("the first success counts, not the failures before it", async (world) => {
      const { ingress, key } = world;
      const of = [
        awakeableNamed("a0"),
        failingStep("run0"),
        awakeableNamed("a1"),
        failingStep("run1"),
        awakeableNamed("a2"),
      ];
      const client = ingress.objectSendClient<typeof combiner>({ name: "Combiner" }, key);
      const send = await client.combine({ combinator: "any", of });
      const idOf = (name: string) => combinerOf(world).awakeable(name);
      await until("all awakeables are there", async () => (await idOf("a2")) !== null);
      await ingress.rejectAwakeable((await idOf("a2")) ?? "", "fails too");
      await ingress.resolveAwakeable((await idOf("a1")) ?? "", "the first success");
      equal(await resultOf(world, send), "the first success");
    }),

    scenario("any: of rejected and resolved signals the resolved one", async (world) => {
      const of = ["s0", "s1", "s2"].map(signalNamed);
      const said: Said[] = [
        ["s0", null, "fail0"],
        ["s2", null, "fail2"],
        ["s1", "success"],
      ];
      const send = await withSignals(world, { combinator: "any", of }, said);
      equal(await resultOf(world, send), "success");
    }),

    scenario("all: the values in their order", async (world) => {
      const of = ["s0", "s1", "s2"].map(signalNamed);
      const said: Said[] = [
        ["s2", "v2"],
        ["s0", "v0"],
        ["s1", "v1"],
      ];
      const send = await withSignals(world, { combinator: "all", of }, said);
      equal(await resultOf(world, send), "v0|v1|v2");
    }),

    scenario("all: the first failure ends it", async (world) => {
      const of = ["s0", "s1"].map(signalNamed);
      const send = await withSignals(world, { combinator: "all", of }, [["s1", null, "s1 fails"]]);
      await fails(resultOf(world, send), { status: 500, message: "s1 fails" });
    }),

    scenario("allSettled: values and failures in their order", async (world) => {
      const of = ["s0", "s1", "s2"].map(signalNamed);
      const said: Said[] = [
        ["s0", "v0"],
        ["s1", null, "fail1"],
        ["s2", "v2"],
      ];
      const send = await withSignals(world, { combinator: "allSettled", of }, said);
      equal(await resultOf(world, send), "v0|failed: fail1|v2");
    }),

    scenario("race: a step is faster than a signal that nobody sends", async (world) => {
      const of = [signalNamed("never"), step("done")];
      const send = await withSignals(world, { combinator: "race", of }, []);
      equal(await resultOf(world, send), "done");
    }),

    scenario("any: a signal comes after a failed step", async (world) => {
      const of = [failingStep("fails"), signalNamed("s")];
      const send = await withSignals(world, { combinator: "any", of }, [["s", "from outside"]]);
      equal(await resultOf(world, send), "from outside");
    }),

    scenario("all: a step and a signal", async (world) => {
      const of = [step("stepped"), signalNamed("s")];
      const send = await withSignals(world, { combinator: "all", of }, [["s", "told"]]);
      equal(await resultOf(world, send), "stepped|told");
    }),

    scenario("allSettled: a step, a signal and a failed step", async (world) => {
      const of = [step("stepped"), signalNamed("s"), failingStep("fails")];
      const send = await withSignals(world, { combinator: "allSettled", of }, [["s", "told"]]);
      equal(await resultOf(world, send), "stepped|told|failed: fails");
    }),

    scenario("combinations within combinations", async (world) => {
      const of: Combination["of"] = [
        { combinator: "race", of: [signalNamed("s0"), { kind: "sleep", ms: 60_000 }] },
        { combinator: "any", of: [failingStep("fails"), signalNamed("s1")] },
        { combinator: "allSettled", of: [step("stepped"), { kind: "failed", message: "at once" }] },
      ];
      const said: Said[] = [
        ["s1", "one"],
        ["s0", "zero"],
      ];
      const send = await withSignals(world, { combinator: "all", of }, said);
      equal(await resultOf(world, send), "zero|one|stepped|failed: at once");
    }),
  ],
};

export const promiseCombinators: ScenarioClass = {
  name: "PromiseCombinators",
  scenarios: [
    scenario("promises that are settled from the start combine like others", async (world) => {
      const ready = (value: string): Leaf => ({ kind: "ready", value });
      const failed: Leaf = { kind: "failed", message: "broken" };
      const client = combinerOf(world);
      equal(await client.combine({ combinator: "all", of: [ready("a"), ready("b")] }), "a|b");
      equal(await client.combine({ combinator: "any", of: [failed, ready("b")] }), "b");
      equal(
        await client.combine({ combinator: "allSettled", of: [ready("a"), failed] }),
        "a|failed: broken",
      );
      await fails(client.combine({ combinator: "all", of: [ready("a"), failed] }), {
        status: 500,
        message: "broken",
      });
    }),

    scenario("a settled promise wins over a sleep", async (world) => {
      const of: Leaf[] = [
        { kind: "sleep", ms: 10_000 },
        { kind: "ready", value: "at once" },
      ];
      equal(await combinerOf(world).combine({ combinator: "race", of }), "at once");
    }),

    scenario("nothing combines to nothing", async (world) => {
      equal(await promisesOf(world).emptyAll(), []);
      equal(await promisesOf(world).emptyRace(), "timeout");
    }),

    scenario("two races share a promise", async (world) => {
      const send = await toPromises(world, "sharedBySettledRaces");
      equal(await resultOf(world, send), ["from the shared one", "from the shared one"]);
    }),

    scenario("a map that throws fails what it is part of", async (world) => {
      const send = await toPromises(world, "mappedFailure");
      await fails(resultOf(world, send), { status: 500, message: "the map throws" });
    }),

    scenario("a map is done once, and when it is awaited", async (world) => {
      equal(await promisesOf(world).mapsOnce(), 1);
      equal((await promisesOf(world).mapsWhenAwaited()).length, 36);
    }),

    scenario("a call races a sleep, and is awaited again", async (world) => {
      equal(await promisesOf(world).allOfACall(20), "call of 20");
    }),
  ],
};
