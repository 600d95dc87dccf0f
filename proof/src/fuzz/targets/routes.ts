/**
 * Every route of a real server, over real sockets. A request is what its operation takes, bent in
 * its path, its query, its body, its header or its bytes.
 *
 * What must hold of each answer: a status below 500 (or one that says "later"), a body of the one
 * form of errors where it refuses, nothing of stacks and files in it, and after a refusal of what
 * was sent not one event more in the store.
 */
import type { Json } from "@perdure/kernel";
import { operations, type Operation } from "@perdure/wire";
import { Agent, interceptors, request, type Dispatcher } from "undici";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutateJson, mutateText } from "../mutate-json.ts";
import type { Random } from "../random.ts";
import { accepted, type Target, type Verdict } from "../target.ts";
import { refusedAs } from "./refusal.ts";
import { samplesFor, type Sample } from "./requests.ts";
import { openVictim, type Victim } from "./victim.ts";

/** Of an operation that upgrades its connection only the refusals can be seen from here. */
const upgrading = ["workers.stream", "server.calls"];
const names = Object.keys(operations).filter((name) => !upgrading.includes(name)) as Operation[];

/** What was sent was fine, and a machine said no: a schedule keeps that it skipped a start. */
const mayLeaveATrace: ReadonlySet<string> = new Set(["conflict", "deadline-exceeded"]);

const everyMethod: Dispatcher.HttpMethod[] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
const ended = ["UND_ERR_SOCKET", "ECONNRESET"];

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export async function routesTarget(): Promise<Target> {
  const victim = await openVictim();
  // One connection: a request's effect is not mistaken for its neighbour's.
  const agent = new Agent({ connections: 1, pipelining: 1 }).compose(
    // A connection that the server ended after a refusal may be taken for an open one.
    interceptors.retry({
      maxRetries: 2,
      minTimeout: 1,
      methods: everyMethod,
      errorCodes: ended,
      statusCodes: [],
    }),
  );
  const samples = samplesFor(victim.runId);
  return {
    name: "routes",
    share: 2,
    async run(random, show) {
      const operation = random.pick(names);
      const sent = bend(random, operation, samples[operation], victim.key);
      show({ ...sent, body: sent.body && new TextDecoder().decode(sent.body) });
      return send(agent, victim, sent);
    },
    async close() {
      await agent.close();
      await victim.close();
    },
  };
}

function bend(random: Random, operation: Operation, sample: Sample, key: string): Sent {
  const { method, path } = operations[operation];
  const { params = {}, query = {}, body, lines } = sample;
  const isBent = (probability: number): boolean => random.chance(probability);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    return encodeURIComponent(isBent(0.2) ? wellFormed(mutateText(random, value)) : value);
  });
  const search = new URLSearchParams(isBent(0.3) ? bentQuery(random, query) : { ...query });
  const text = search.toString();
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (isBent(0.03)) headers["authorization"] = printable(mutateText(random, `Bearer ${key}`));
  if (isBent(0.03)) headers["perdure-namespace"] = printable(mutateText(random, "default"));
  if (isBent(0.03)) headers["last-event-id"] = printable(mutateText(random, "7"));
  const bytes = bodyOf(random, body, lines);
  if (bytes !== undefined) {
    headers["content-type"] = isBent(0.03)
      ? printable(mutateText(random, "application/json"))
      : lines
        ? "application/x-ndjson"
        : "application/json";
  }
  return {
    method: isBent(0.01) ? random.pick(["PUT", "DELETE", "PATCH", "OPTIONS"]) : method,
    path: `${filled}${text === "" ? "" : `?${text}`}`,
    headers,
    ...(bytes === undefined ? {} : { body: bytes }),
  };
}

function bentQuery(random: Random, query: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries({ limit: "10", ...query }).flatMap(([name, value]) => {
    const bent = random.chance(0.5) ? wellFormed(mutateText(random, value)) : value;
    const pair: [string, string] = [random.chance(0.1) ? `${name}x` : name, bent];
    return random.chance(0.05) ? [pair, pair] : [pair];
  });
}

function bodyOf(
  random: Random,
  body: Json | undefined,
  lines: readonly Json[] | undefined,
): Uint8Array | undefined {
  if (lines) {
    const bent = lines.map((line) => JSON.stringify(mutateJson(random, line)));
    return torn(random, new TextEncoder().encode(bent.join("\n")));
  }
  if (body === undefined) return undefined;
  return torn(random, new TextEncoder().encode(JSON.stringify(mutateJson(random, body))));
}

function torn(random: Random, bytes: Uint8Array): Uint8Array {
  return random.chance(0.1) ? mutateBytes(random, bytes) : bytes;
}

/**
 * Timers ring and schedules start runs meanwhile. So a refusal that something was written beside is
 * asked for again: what wrote every time was not a timer.
 */
const WITNESSES = 4;

async function send(agent: Dispatcher, victim: Victim, sent: Sent): Promise<Verdict> {
  for (let witness = 1; ; witness++) {
    const before = await victim.settled();
    const verdict = await sendOnce(agent, victim, sent);
    if (verdict.type === "accepted" || mayLeaveATrace.has(verdict.code)) return verdict;
    const written = (await victim.settled()) - before;
    if (written === 0) return verdict;
    if (witness === WITNESSES) throw new Error(`${written} events written by what was refused`);
  }
}

async function sendOnce(agent: Dispatcher, victim: Victim, sent: Sent): Promise<Verdict> {
  const { statusCode, headers, body } = await request(`${victim.url}${sent.path}`, {
    dispatcher: agent,
    method: sent.method as "GET",
    headers: sent.headers,
    ...(sent.body === undefined ? {} : { body: sent.body }),
  });
  if (String(headers["content-type"]).startsWith("text/event-stream")) {
    // It would go on for as long as the run is open.
    body.on("error", () => undefined).destroy();
    return accepted;
  }
  const text = await body.text();
  if (statusCode < 400) return accepted;
  return refusedAs(statusCode, text);
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** What a client can put into a header field at all. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e]/g, "?");
}
