/**
 * Restate's SDK as it is, served in this process, and the smallest server that drives it: attempts
 * over HTTP/2 that are projected from a world's journals, and whose messages become its commands.
 */
import { connect, createServer, type ClientHttp2Session, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import type { RunEvent, RunId, RunState } from "@perdure/kernel";
import type { HandlerType, HandlerView, ServiceType } from "../../deployments/deployment.ts";
import { invocationId, invocationIdBytes } from "../../ids/invocation-id.ts";
import { encodeFrame, FrameReader } from "../../messages/frames.ts";
import type { Message, ValueOrFailure } from "../../messages/messages.ts";
import { invocationNamedBy } from "../ask-waits.ts";
import { isResolved, suspensionOf, waitCommands, type Awaited } from "../awaiting.ts";
import { commandsOf } from "../commands.ts";
import { endOf } from "../ending.ts";
import { calledBy } from "../placement.ts";
import { entriesOf, notificationsOf } from "../replay.ts";
import type { JournalState, ProjectionContext } from "../state.ts";
import type { World } from "./world.test-support.ts";

export type Offered = Readonly<
  Record<string, readonly [ServiceType, Readonly<Record<string, HandlerType>>]>
>;

export interface Terms {
  readonly version: 5 | 6 | 7;
  /** Request and response: our side is closed as soon as the journal is sent. */
  readonly isBidi: boolean;
  readonly isLazy: boolean;
}

/** So long nothing happens before the clock is moved, or an attempt is asked to suspend. */
const QUIET_MS = 4;

export class Sdk {
  readonly #server: Http2Server;
  readonly #session: ClientHttp2Session;
  readonly #offered: Offered;
  readonly attempts: number[] = [];

  private constructor(server: Http2Server, session: ClientHttp2Session, offered: Offered) {
    this.#server = server;
    this.#session = session;
    this.#offered = offered;
  }

  static async serve(
    services: restate.EndpointOptions["services"],
    offered: Offered,
  ): Promise<Sdk> {
    const logger = () => undefined;
    const server = createServer(restate.createEndpointHandler({ services, logger }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new Sdk(server, connect(`http://127.0.0.1:${port}`), offered);
  }

  async close(): Promise<void> {
    this.#session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  view(service: string, handler: string): HandlerView | undefined {
    const [serviceType, handlers] = this.#offered[service] ?? [];
    const type = handlers?.[handler];
    if (serviceType === undefined || type === undefined) return undefined;
    return { service, serviceType, name: handler, type, settings };
  }

  /** Drives all runs of the world until this one is over. */
  async drive(world: World, until: RunId, terms: Terms): Promise<RunState> {
    const driving = new Driving(this, world, terms);
    try {
      return await driving.until(until);
    } finally {
      driving.stop();
    }
  }

  open(path: string, version: number, headers: Record<string, string> = {}) {
    const type = `application/vnd.restate.invocation.v${version}`;
    return this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": type,
      accept: type,
      ...headers,
    });
  }
}

const settings: HandlerView["settings"] = {
  inactivityTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  journalRetentionMs: 0,
  idempotencyRetentionMs: 60_000,
  workflowCompletionRetentionMs: 60_000,
  enableLazyState: false,
  isPrivate: false,
  retry: { initialMs: 1, maxIntervalMs: 1, factor: 1, maxAttempts: 1, onMaxAttempts: "PAUSE" },
};

class Driving {
  readonly #sdk: Sdk;
  readonly #world: World;
  readonly #terms: Terms;
  readonly #sessions = new Map<RunId, Attempt>();
  readonly #awaited = new Map<RunId, Awaited>();
  #activity = 0;
  #broken: Error | undefined;

  constructor(sdk: Sdk, world: World, terms: Terms) {
    this.#sdk = sdk;
    this.#world = world;
    this.#terms = terms;
  }

  async until(id: RunId): Promise<RunState> {
    const unwatch = this.#world.watch(() => {
      this.#activity += 1;
      for (const attempt of this.#sessions.values()) attempt.deliver();
    });
    try {
      for (;;) {
        if (this.#broken !== undefined) throw this.#broken;
        const state = this.#world.run(id);
        if (state.outcome !== undefined) return state;
        if (state.paused) throw new Error(`paused: ${state.paused.message}`);
        this.#begin();
        await this.#quiet();
      }
    } finally {
      unwatch();
    }
  }

  stop(): void {
    for (const attempt of this.#sessions.values()) attempt.abort();
  }

  #begin(): void {
    for (const id of this.#world.wanting()) {
      if (this.#sessions.has(id)) continue;
      const awaited = this.#awaited.get(id);
      const events = this.#world.journal(id);
      if (awaited !== undefined) {
        const { state } = entriesOf(events, this.#context(id));
        if (!isResolved(awaited, state)) {
          const commands = waitCommands(awaited, state);
          this.#world.answer(id, { commands, through: events.length });
          continue;
        }
      }
      this.#awaited.delete(id);
      this.#sdk.attempts.push(events.length);
      const attempt = new Attempt(this.#sdk, this.#world, this.#context(id), this.#terms, {
        active: () => (this.#activity += 1),
        over: (suspended, error) => {
          this.#activity += 1;
          this.#sessions.delete(id);
          if (suspended) this.#awaited.set(id, suspended);
          if (error !== undefined) this.#broken = error;
        },
      });
      this.#sessions.set(id, attempt);
    }
  }

  /** Waits until nothing has happened for a while; then time passes. */
  async #quiet(): Promise<void> {
    const before = this.#activity;
    await new Promise((resolve) => setTimeout(resolve, before === 0 ? 1 : QUIET_MS));
    if (this.#activity !== before || this.#broken !== undefined) return;
    if (this.#world.wanting().some((id) => !this.#sessions.has(id))) return;
    if (this.#world.ring()) return;
    if (this.#sessions.size === 0) throw new Error("nothing can go on");
    for (const attempt of this.#sessions.values()) attempt.halfClose();
  }

  #context(id: RunId): ProjectionContext {
    const spec = this.#world.run(id).spec;
    const { service, handler } = calledBy({ workflow: "", queue: "restate", ...spec });
    const view = this.#sdk.view(service, handler);
    if (spec === undefined || view === undefined) throw new Error(`no handler for ${id}`);
    const resolve = (s: string, h: string) => this.#sdk.view(s, h);
    return { spec, handler: view, namespace: spec.namespace, resolve };
  }
}

interface Hooks {
  active(): void;
  over(awaited: Awaited | undefined, error?: Error): void;
}

class Attempt {
  readonly #world: World;
  readonly #id: RunId;
  readonly #hooks: Hooks;
  readonly #stream: ReturnType<Sdk["open"]>;
  readonly #state: JournalState;
  #seen: number;
  /** What the SDK was told, up to here. */
  #told: number;
  #output: ValueOrFailure | undefined;
  #isOver = false;
  #isHalfClosed = false;

  constructor(sdk: Sdk, world: World, context: ProjectionContext, terms: Terms, hooks: Hooks) {
    const { spec, handler } = context;
    this.#world = world;
    this.#id = spec.runId;
    this.#hooks = hooks;
    const events = world.journal(spec.runId);
    const { messages, state } = entriesOf(events, context);
    this.#state = state;
    this.#seen = events.length;
    this.#told = events.length;
    this.#stream = sdk.open(`/invoke/${handler.service}/${handler.name}`, terms.version);
    const reader = new FrameReader();
    this.#stream.on("data", (chunk: Buffer) => this.#take([...reader.push(chunk)]));
    this.#stream.on("error", (error: Error) => this.#end(undefined, error));
    this.#stream.on("end", () => this.#end(undefined, new Error("the SDK just stopped")));
    this.#stream.on("response", ({ ":status": status }) => {
      if (status !== 200) this.#end(undefined, new Error(`the SDK answers ${status}`));
    });
    this.#send([startOf(world, context, messages.length, terms.isLazy), ...messages]);
    if (!terms.isBidi) this.halfClose();
  }

  deliver(): void {
    if (this.#isOver) return;
    const events = this.#world.journal(this.#id).slice(this.#seen);
    this.#seen += events.length;
    for (const event of events) this.#tell(event);
  }

  #tell(event: RunEvent): void {
    const messages = notificationsOf(event, this.#state);
    if (this.#isHalfClosed) return;
    this.#told = event.seq;
    this.#send(messages);
  }

  halfClose(): void {
    if (this.#isHalfClosed) return;
    this.#isHalfClosed = true;
    this.#stream.end();
  }

  abort(): void {
    this.#isOver = true;
    this.#stream.destroy();
  }

  #send(messages: readonly Message[]): void {
    if (messages.length > 0) this.#stream.write(Buffer.concat(messages.map(encodeFrame)));
  }

  #take(messages: readonly Message[]): void {
    this.#hooks.active();
    const commands = [];
    for (const message of messages) {
      if (this.#isOver) return;
      const named = invocationNamedBy(message);
      const key = named === undefined ? undefined : this.#world.run(named).spec?.key;
      const asked = commandsOf(message, this.#state, key === undefined ? {} : { key });
      if (asked.refusal !== undefined) return this.#end(undefined, new Error(asked.refusal.text));
      commands.push(...asked.commands);
      if (message.type === "output") this.#output = message.result;
      if (message.type === "error") return this.#end(undefined, new Error(message.message));
      if (message.type === "end" && this.#output !== undefined) {
        commands.push(endOf(this.#output, this.#state));
        this.#world.answer(this.#id, { commands });
        return this.#end(undefined);
      }
      if (message.type === "suspension") {
        this.#world.answer(this.#id, { commands });
        const { commands: waits, awaited } = suspensionOf(message, this.#state, this.#told);
        // What came while it suspended: the next attempt begins at once.
        if (isResolved(awaited, this.#state)) return this.#end(undefined);
        this.#world.answer(this.#id, { commands: waits, through: this.#told });
        return this.#end(awaited);
      }
    }
    if (commands.length > 0) this.#world.answer(this.#id, { commands });
  }

  #end(awaited: Awaited | undefined, error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.halfClose();
    this.#hooks.over(awaited, error);
  }
}

function startOf(
  world: World,
  { spec, handler }: ProjectionContext,
  knownEntries: number,
  isLazy: boolean,
): Message {
  const hasState = handler.serviceType !== "SERVICE" && spec.key !== undefined && !isLazy;
  const entries = hasState && spec.key ? [...world.entries(spec.key)] : [];
  const state = entries.map(([name, { data }]) => ({ key: Buffer.from(name), value: data }));
  return {
    type: "start",
    id: invocationIdBytes(spec.runId),
    debugId: invocationId(spec.runId),
    knownEntries,
    state,
    partialState: !hasState,
    key: spec.key?.id ?? "",
    retryCount: 0,
    durationMs: 0,
    randomSeed: 42n,
  };
}
