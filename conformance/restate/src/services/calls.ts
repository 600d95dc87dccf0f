import * as restate from "@restatedev/restate-sdk";
import { mark } from "./ledger.ts";
import { named, serviceOptions } from "./settings.ts";

/** A call that is described by the caller. */
export interface Asked {
  readonly service: string;
  readonly handler: string;
  readonly key?: string;
  readonly parameter?: unknown;
  readonly idempotencyKey?: string;
  readonly delayMs?: number;
  readonly headers?: Record<string, string>;
}

export interface AskedOfMany extends Asked {
  readonly how: "send" | "call" | "call and await at the end";
}

function described(asked: Asked): restate.GenericCall<unknown, unknown> {
  return {
    service: asked.service,
    method: asked.handler,
    parameter: asked.parameter,
    ...(asked.key === undefined ? {} : { key: asked.key }),
    ...(asked.idempotencyKey === undefined ? {} : { idempotencyKey: asked.idempotencyKey }),
    ...(asked.headers === undefined ? {} : { headers: asked.headers }),
    inputSerde: restate.serde.json,
    outputSerde: restate.serde.json,
  };
}

function send(ctx: restate.Context, asked: Asked): Promise<restate.InvocationId> {
  const { outputSerde: _, ...call } = described(asked);
  const delay = asked.delayMs === undefined ? {} : { delay: asked.delayMs };
  return ctx.genericSend({ ...call, ...delay }).invocationId;
}

const invocation = (ctx: restate.Context, id: string): restate.InvocationReference =>
  ctx.invocation(restate.InvocationIdParser.fromString(id));

export const proxy = restate.service({
  name: named("Proxy"),
  options: serviceOptions,
  handlers: {
    call: async (ctx: restate.Context, asked: Asked): Promise<unknown> =>
      ctx.genericCall(described(asked)),

    send: async (ctx: restate.Context, asked: Asked): Promise<string> => send(ctx, asked),

    many: async (ctx: restate.Context, asked: AskedOfMany[]): Promise<void> => {
      const open: restate.RestatePromise<unknown>[] = [];
      for (const one of asked) {
        if (one.how === "send") void send(ctx, one);
        else if (one.how === "call") await ctx.genericCall(described(one));
        else open.push(ctx.genericCall(described(one)));
      }
      await restate.RestatePromise.all(open);
    },

    /** The id of a call is known before its end. */
    callWithId: async (ctx: restate.Context, asked: Asked): Promise<[string, unknown]> => {
      const call = ctx.genericCall(described(asked));
      return [await call.invocationId, await call];
    },

    attach: async (ctx: restate.Context, id: string): Promise<unknown> =>
      invocation(ctx, id).attach(restate.serde.json),

    cancel: async (ctx: restate.Context, id: string): Promise<void> => invocation(ctx, id).cancel(),

    /** Starts it, attaches to it and says what came of it. */
    sendAndAttach: async (ctx: restate.Context, asked: Asked): Promise<unknown> => {
      const id = await send(ctx, asked);
      return invocation(ctx, id).attach(restate.serde.json);
    },
  },
});

export interface Told {
  readonly headers: Record<string, string>;
  readonly id: string;
  readonly idempotencyKey?: string;
  readonly attemptHeaders: readonly string[];
}

export const echo = restate.service({
  name: named("Echo"),
  options: serviceOptions,
  handlers: {
    say: async (_ctx: restate.Context, said: unknown): Promise<unknown> => said,

    upper: async (_ctx: restate.Context, said: string): Promise<string> => said.toUpperCase(),

    nothing: async (): Promise<void> => undefined,

    /** Counts how often it was executed under the tag. */
    counted: async (_ctx: restate.Context, tag: string): Promise<number> => mark(tag),

    slow: async (
      ctx: restate.Context,
      { ms, tag }: { ms: number; tag: string },
    ): Promise<string> => {
      await ctx.sleep(ms);
      return tag;
    },

    fails: async (
      _ctx: restate.Context,
      { message, code }: { message: string; code: number },
    ): Promise<void> => {
      throw new restate.TerminalError(message, { errorCode: code });
    },

    request: async (ctx: restate.Context): Promise<Told> => {
      const { headers, id, idempotencyKey, attemptHeaders } = ctx.request();
      return {
        headers: Object.fromEntries(headers),
        id,
        attemptHeaders: [...attemptHeaders.keys()],
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      };
    },

    bytes: restate.handlers.handler(
      {
        accept: "*/*",
        input: restate.serde.binary,
        output: restate.serde.binary,
      },
      async (_ctx: restate.Context, bytes: Uint8Array): Promise<Uint8Array> => bytes,
    ),

    /** Its closure's result is bytes, too. */
    bytesOfAStep: restate.handlers.handler(
      { input: restate.serde.binary, output: restate.serde.binary },
      async (ctx: restate.Context, bytes: Uint8Array): Promise<Uint8Array> => {
        const kept = await ctx.run("keep", () => bytes, { serde: restate.serde.binary });
        await ctx.sleep(1);
        return kept;
      },
    ),
  },
});

export const hidden = restate.service({
  name: named("Hidden"),
  options: { ...serviceOptions, ingressPrivate: true },
  handlers: {
    say: async (_ctx: restate.Context, said: string): Promise<string> => `psst: ${said}`,
  },
});
