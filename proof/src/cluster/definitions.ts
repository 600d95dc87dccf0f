/** What the cluster runs: objects and a workflow whose histories can be checked. */
import { handler, object, shared, workflow, type ObjectDefinition } from "perdure";
import { register, type RegisterInput, type RegisterOutput } from "../checkers/register.ts";

const registerHandlers = {
  apply: handler(async (ctx, input: RegisterInput): Promise<RegisterOutput> => {
    const before = (await ctx.state.get<number>("value")) ?? register.initial;
    const { state, output } = register.step(before, input);
    ctx.state.set("value", state);
    return output;
  }),
};
export const cell: ObjectDefinition<typeof registerHandlers> = object({
  name: "cell",
  handlers: registerHandlers,
});

/** The same by way of a run: asked for again under its id, it is done once. */
export const operate = workflow(
  { name: "operate" },
  async (ctx, { key, input }: { readonly key: string; readonly input: RegisterInput }) =>
    ctx.object(cell, key).apply(input),
);

const listHandlers = {
  /** A step between reading and writing: its owner may change there. */
  append: handler(async (ctx, element: string) => {
    const elements = (await ctx.state.get<readonly string[]>("elements")) ?? [];
    const next = await ctx.step("follow", () => [...elements, element]);
    ctx.state.set("elements", next);
    return next.length;
  }),
  read: shared(async (ctx) => (await ctx.state.get<readonly string[]>("elements")) ?? []),
};
export const list: ObjectDefinition<typeof listHandlers> = object({
  name: "list",
  handlers: listHandlers,
});

interface Held {
  /** Of the last grant. */
  readonly token: number;
  readonly isFree: boolean;
}
const nobody: Held = { token: 0, isFree: true };

const leaseHandlers = {
  /** The token; null: somebody has it. */
  acquire: handler(async (ctx) => {
    const { token, isFree } = (await ctx.state.get<Held>("held")) ?? nobody;
    if (!isFree) return null;
    const granted = await ctx.step("grant", () => token + 1);
    ctx.state.set("held", { token: granted, isFree: false });
    return granted;
  }),
  /** From whoever has it. */
  seize: handler(async (ctx) => {
    const { token } = (await ctx.state.get<Held>("held")) ?? nobody;
    ctx.state.set("held", { token: token + 1, isFree: false });
    return token + 1;
  }),
  /** Whether it was given back by this. */
  release: handler(async (ctx, token: number) => {
    const held = (await ctx.state.get<Held>("held")) ?? nobody;
    if (held.isFree || held.token !== token) return false;
    ctx.state.set("held", { token, isFree: true });
    return true;
  }),
};
export const lease: ObjectDefinition<typeof leaseHandlers> = object({
  name: "lease",
  handlers: leaseHandlers,
});

const resourceHandlers = {
  /** Taken only with the highest token so far, or a higher one. */
  write: handler(async (ctx, token: number) => {
    const writes = (await ctx.state.get<readonly number[]>("writes")) ?? [];
    if (token < (writes.at(-1) ?? 0)) return false;
    ctx.state.set("writes", await ctx.step("write", () => [...writes, token]));
    return true;
  }),
  writes: handler(async (ctx) => (await ctx.state.get<readonly number[]>("writes")) ?? []),
};
export const resource: ObjectDefinition<typeof resourceHandlers> = object({
  name: "resource",
  handlers: resourceHandlers,
});

export const STOP = "stop";

/** Gathers notes until it is told to stop. */
export const inbox = workflow({ name: "inbox" }, async (ctx): Promise<readonly string[]> => {
  const received: string[] = [];
  for (;;) {
    const note = await ctx.waitFor<string>("note");
    if (note === STOP) return received;
    received.push(note);
  }
});

export const code = {
  workflows: [operate, inbox],
  objects: [cell, list, lease, resource],
};
