/**
 * A server that speaks the OpenAI chat-completions API and answers by script. It honours
 * idempotency keys, fails on purpose now and then, and counts what it was asked: GET /stats.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { Conversation, nextReply, type Reply } from "./script.ts";

const BODY_LIMIT_CHARS = 1_000_000;
const Request = z.looseObject({ model: z.string(), messages: Conversation });

/** By the number of the call: before it answers, the server fails like this, and does nothing. */
const failures: Readonly<
  Record<number, { readonly status: number; readonly retryAfter?: number }>
> = {
  2: { status: 503 },
  5: { status: 429, retryAfter: 1 },
};

export interface ModelStats {
  /** Requests in all. */
  readonly calls: number;
  /** Of these, failed on purpose. */
  readonly failed: number;
  /** Of these, answered from memory, because their key had been answered before. */
  readonly repeated: number;
  /** Of these, thought about: what a real service would charge for. */
  readonly completed: number;
}

const stats = { calls: 0, failed: 0, repeated: 0, completed: 0 };
const answered = new Map<string, object>();

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/stats") return send(response, 200, stats);
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
    return send(response, 404, problem("no such route"));
  }
  const failure = failures[++stats.calls];
  if (failure !== undefined) {
    stats.failed++;
    if (failure.retryAfter !== undefined) response.setHeader("retry-after", failure.retryAfter);
    return send(response, failure.status, problem("busy, on purpose"));
  }
  const body = Request.safeParse(await bodyOf(request));
  if (!body.success) return send(response, 400, problem(z.prettifyError(body.error)));
  const key = String(request.headers["idempotency-key"] ?? "");
  const before = answered.get(key);
  if (before !== undefined) {
    stats.repeated++;
    return send(response, 200, before);
  }
  const completion = completionOf(
    ++stats.completed,
    body.data.model,
    nextReply(body.data.messages),
  );
  if (key !== "") answered.set(key, completion);
  send(response, 200, completion);
}

function completionOf(number: number, model: string, { content, calls }: Reply): object {
  const toolCalls = calls.map(({ name, input }, index) => ({
    id: `call_${number}_${index + 1}`,
    type: "function",
    function: { name, arguments: JSON.stringify(input) },
  }));
  const spoken = { role: "assistant", content, refusal: null };
  const message = calls.length > 0 ? { ...spoken, tool_calls: toolCalls } : spoken;
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  return {
    id: `chatcmpl-${number}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > BODY_LIMIT_CHARS) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const problem = (message: string): object => ({ error: { message, type: "scripted", code: null } });

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => send(response, 500, problem(String(error))));
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
// It lives as long as the process that started it.
process.once("disconnect", () => process.exit(0));
process.on("SIGINT", () => {});
