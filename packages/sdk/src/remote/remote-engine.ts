/**
 * An engine that is elsewhere: the verbs of `EngineClient` over a server's API. Whoever has one
 * cannot tell it from the engine itself, but by the time it takes.
 */
import type { EngineClient, Env } from "@perdure/engine";
import { namingRequest, runId, SLOTS } from "@perdure/kernel";
import { checkApiKey, type Address } from "./address.ts";
import { answers } from "./answers.ts";
import { busVerbs, scheduleVerbs } from "./bus-verbs.ts";
import { CallLine } from "./call-line.ts";
import { Caller } from "./caller.ts";
import { Carrier } from "./carrier.ts";
import type { Desk } from "./desk.ts";
import { remoteLimits } from "./limits.ts";
import { Outcomes } from "./outcomes.ts";
import { Places } from "./places.ts";
import { readVerbs } from "./read-verbs.ts";
import { startManyVerb } from "./start-many.ts";
import { talkVerbs } from "./talk-verbs.ts";
import { Transport, type TlsOptions, type TransportParts } from "./transport.ts";
import { Watches } from "./watches.ts";
import { controlVerbs, startVerbs } from "./write-verbs.ts";

export interface RemoteEngineOptions {
  /** `http://host:7373`, or `https://`; of several servers of one cluster, a list or with commas. */
  readonly url: string | readonly string[];
  readonly apiKey?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly env: Env;
  readonly trace?: TransportParts["trace"];
  /** `http`: a request for each call, also where a WebSocket could carry them all. */
  readonly over?: "http";
  /** How long one call may take, with all its repetitions; default: 30 s. */
  readonly deadlineMs?: number;
}

export interface RemoteEngine extends EngineClient {
  /** Of the server that is asked now. */
  readonly url: string;
  readonly urls: readonly string[];
  /** Of the credential. */
  readonly namespace: string;
  /** Ends what is in progress with an error, `closed`. */
  close(): Promise<void>;
}

export const RemoteEngine: {
  /** Asks the server who this is, so that a wrong address or key is told here and now. */
  open(options: RemoteEngineOptions): Promise<RemoteEngine>;
} = {
  async open({ url, apiKey, tls, env, trace, over, deadlineMs = remoteLimits.deadlineMs }) {
    if (apiKey !== undefined) checkApiKey(apiKey);
    const places = new Places(url, env);
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const transport = new Transport({ places, headers, tls, env, trace });
    const line = new CallLine({ places, headers, tls, env, trace });
    const carrier = new Carrier(transport, over === "http" ? undefined : line);
    const caller = new Caller({ carrier, env, deadlineMs });
    const namespace = await whoAmI(caller).catch(async (error: unknown) => {
      line.close();
      await transport.close();
      throw error;
    });
    if (over !== "http") await line.open();
    const watches = new Watches({ caller, transport, env });
    const outcomes = new Outcomes(caller);
    const desk = { namespace, caller, outcomes, watches, ...drawing(env) };
    return {
      get url() {
        return urlOf(places.now);
      },
      urls: places.all.map(urlOf),
      namespace,
      close: async () => {
        watches.close();
        caller.close();
        line.close();
        await transport.close();
      },
      ...startVerbs(desk),
      ...startManyVerb(desk),
      ...controlVerbs(desk),
      ...talkVerbs(desk),
      ...readVerbs(desk),
      ...busVerbs(desk),
      ...scheduleVerbs(desk),
    };
  },
};

function urlOf({ origin, base }: Address): string {
  return origin + base;
}

async function whoAmI(caller: Caller): Promise<string> {
  const call = { params: {}, answer: answers.whoami, repeat: "any" } as const;
  return (await caller.call("server.whoami", call)).namespace;
}

function drawing(env: Env): Pick<Desk, "newId" | "newRequest"> {
  const digits = (words: number): string =>
    Array.from({ length: words }, () => hex32(env)).join("");
  return {
    newId: () => digits(4),
    newRequest: () => {
      const slot = Math.floor(env.random() * SLOTS);
      return namingRequest(runId(env.now(), slot, digits(2)));
    },
  };
}

function hex32(env: Env): string {
  return Math.floor(env.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
