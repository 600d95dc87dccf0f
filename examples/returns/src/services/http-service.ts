/** The part all HTTP services share: idempotency keys, faults, and the books: `GET /stats`, `/ledger`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { HANG_MS, planFor } from "./faults.ts";
import type { Answer, Call, Ledger } from "./ledger.ts";

const BODY_LIMIT_BYTES = 16_384;

export type Body = Readonly<Record<string, unknown>>;
/** Does what a call asks for; `number` counts the effects of this service. */
export type Act = (body: Body, number: number) => Answer;

export interface ServiceOptions {
  readonly name: string;
  readonly seed: string;
  readonly ledger: Ledger;
  /** By the path of the POST, such as `/refunds`. */
  readonly routes: Readonly<Record<string, Act>>;
}

export function createService(options: ServiceOptions): Server {
  return createServer((request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      console.error(error);
      reply(response, { status: 500, body: { error: String(error) } });
    });
  });
}

async function handle(
  { name, seed, ledger, routes }: ServiceOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === "GET" && request.url === "/stats") return json(response, ledger.stats());
  if (request.method === "GET" && request.url === "/ledger") {
    return json(response, { effects: ledger.effects(), repeats: ledger.repeats() });
  }
  const route = request.url ?? "";
  const act = request.method === "POST" ? routes[route] : undefined;
  if (act === undefined) return reply(response, { status: 404, body: { error: "no such route" } });
  const reading = await readCall(request, route);
  if ("status" in reading) return reply(response, reading);

  const { call, body } = reading;
  const { callNumber, earlier } = ledger.arrived(call);
  const { fault, latencyMs } = planFor(seed, name, `${call.returnId} ${route}`, earlier);
  await delay(latencyMs);
  if (fault.kind === "unavailable") {
    return reply(response, { status: 503, body: { error: "out of order, try again" } });
  }
  if (fault.kind === "throttled") {
    response.setHeader("retry-after", fault.retryAfterSeconds);
    return reply(response, { status: 429, body: { error: "too many calls" } });
  }
  const answer = ledger.once(callNumber, call, (number) => act(body, number));
  if (fault.kind === "hang-after") await delay(HANG_MS, undefined, { ref: false });
  if (fault.kind === "hang-after" || fault.kind === "cut-after") response.destroy();
  else reply(response, answer);
}

type Reading = { readonly call: Call; readonly body: Body } | Answer;

async function readCall(request: IncomingMessage, route: string): Promise<Reading> {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || key === "" || key.length > 500)
    return bad("needs an Idempotency-Key");
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > BODY_LIMIT_BYTES) return { status: 413, body: { error: "body too large" } };
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return bad("the body is not JSON");
  }
  if (!isObject(body) || typeof body["returnId"] !== "string") return bad("needs a returnId");
  return { call: { key, route, returnId: body["returnId"], body: text }, body };
}

const isObject = (value: unknown): value is Body => typeof value === "object" && value !== null;

const bad = (error: string): Answer => ({ status: 400, body: { error } });

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}
