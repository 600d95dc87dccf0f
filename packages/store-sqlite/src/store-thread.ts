/**
 * The entry of a store's thread: a writer, or a reader for lists, which may take long.
 *
 * 1. Commits are carried out in the order in which they came, and before any later `open` or
 *    `outcome`. Other calls may see commits that were sent after them, never miss one sent before.
 * 2. All commits that wait become one transaction: the disk sets the pace (group commit).
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { invariant, limits } from "@perdure/kernel";
import { perform } from "./backend.ts";
import { connectReadOnly } from "./connection.ts";
import type { Answer, Ready, ReadsRequest, Request, ThreadData } from "./messages.ts";
import { packStreams } from "./packed-streams.ts";
import type { FoundStream } from "./read-stream.ts";
import { count, search, versions } from "./search.ts";
import { toWireError } from "./wire-error.ts";
import type { Calls } from "./wire.ts";
import { Writer } from "./writer.ts";

const IDLE_MS = 20;

interface Role {
  readonly partitions: number;
  readonly calls: Partial<Calls>;
  readonly writer?: Writer;
  close(): void;
}

invariant(parentPort !== null, "this file is the entry of a thread");
const port = parentPort;
const { role, path, options } = workerData as ThreadData;
try {
  serve(role === "writer" ? writing() : reading());
} catch (error) {
  say({ error: toWireError(error) });
}

function writing(): Role {
  const writer = new Writer(path, options);
  const { partitions } = writer;
  return { partitions, calls: writer, writer, close: () => writer.close() };
}

function reading(): Role {
  const db = connectReadOnly(path);
  return {
    partitions: 0,
    calls: {
      search: (query) => search(db, query),
      count: (query) => count(db, query),
      versions: (namespace) => versions(db, namespace),
    },
    close: () => db.close(),
  };
}

function say(message: Ready | readonly Answer[], transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function serve(mine: Role): void {
  let idle: NodeJS.Timeout | undefined;
  const rest = (): void => {
    if (mine.writer?.idle() === true) idle = setTimeout(rest, IDLE_MS);
  };
  port.on("message", (first: readonly Request[]) => {
    clearTimeout(idle);
    const requests = drain(first);
    handle(mine, requests);
    if (requests.some(({ type }) => type === "close")) port.close();
    else idle = setTimeout(rest, IDLE_MS);
  });
  say({ partitions: mine.partitions });
}

/** Everything that waits, within the size of a group; a message is taken whole. */
function drain(first: readonly Request[]): readonly Request[] {
  const requests: Request[] = [];
  let bytes = 0;
  for (let next: readonly Request[] | undefined = first; next !== undefined;) {
    for (const request of next) {
      requests.push(request);
      if (request.type === "commit") bytes += request.commit.segment.byteLength;
    }
    if (bytes >= limits.storeGroupBytes) break;
    next = receiveMessageOnPort(port)?.message as readonly Request[] | undefined;
  }
  return requests;
}

function handle(mine: Role, requests: readonly Request[]): void {
  let answers: Answer[] = [];
  let commits: Extract<Request, { type: "commit" }>[] = [];
  const answer = (): void => {
    if (answers.length > 0) say(answers, answers.flatMap(memoryOf));
    answers = [];
  };
  const commit = (): void => {
    if (commits.length === 0) return;
    // What has been read is of use to the caller while the disk is at work.
    answer();
    answers.push(...commitAll(mine, commits));
    commits = [];
  };
  for (const request of requests) {
    if (request.type === "commit") {
      commits.push(request);
      continue;
    }
    commit();
    if (request.type === "reads") answers.push(...readAll(mine, request));
    else answers.push(attempt(request.id, () => obey(mine, request)));
  }
  commit();
  answer();
}

function memoryOf(answer: Answer): readonly ArrayBuffer[] {
  return "streams" in answer ? [answer.streams] : [];
}

function obey(mine: Role, request: Extract<Request, { type: "call" | "close" }>): unknown {
  if (request.type === "call") return perform(mine.calls, request.call);
  return mine.close();
}

/** One answer, or more when a stream cannot be read. */
function readAll({ writer }: Role, { id, streams }: ReadsRequest): readonly Answer[] {
  const answers: Answer[] = [];
  let found: (FoundStream | undefined)[] = [];
  const flush = (next: number): void => {
    if (found.length > 0) answers.push({ id: next - found.length, streams: packStreams(found) });
    found = [];
  };
  for (const [i, stream] of streams.entries()) {
    try {
      invariant(writer !== undefined, "a reader was asked for a stream");
      found.push(writer.find(stream));
    } catch (error) {
      flush(id + i);
      answers.push({ id: id + i, error: toWireError(error) });
    }
  }
  flush(id + streams.length);
  return answers;
}

function commitAll(
  { writer }: Role,
  requests: readonly Extract<Request, { type: "commit" }>[],
): readonly Answer[] {
  try {
    invariant(writer !== undefined, "a reader was sent a commit");
    const results = writer.commit(requests.map(({ commit }) => commit));
    if (results.every(({ type }) => type === "done")) return [{ done: requests.map(idOf) }];
    return requests.map(({ id }, i) => ({ id, value: results[i] }));
  } catch (error) {
    return requests.map(({ id }) => ({ id, error: toWireError(error) }));
  }
}

function idOf({ id }: Request): number {
  return id;
}

function attempt(id: number, action: () => unknown): Answer {
  try {
    return { id, value: action() };
  } catch (error) {
    return { id, error: toWireError(error) };
  }
}
