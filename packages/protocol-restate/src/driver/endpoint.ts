/**
 * What all invocations of one deployment share: connections, slots, the clock, and what is needed to
 * begin an attempt.
 *
 * It owns the transport and the attempts that are open. Holds own what the attempts are for.
 */
import type { Env, KeyedStateVerbs } from "@perdure/engine";
import type { KeyRef, Payload, RunId, RunSpec } from "@perdure/kernel";
import type { Catalog, Deployment, HandlerView } from "../deployments/deployment.ts";
import { invocationId } from "../ids/invocation-id.ts";
import type { ProjectionContext } from "../projection/state.ts";
import { Attempt, type AttemptListener } from "./attempt.ts";
import { AttemptSlots } from "./attempt-slots.ts";
import type { OutboundGuard } from "./http/dial.ts";
import type { Transport } from "./http/exchange.ts";
import { transportTo } from "./http/transport.ts";
import { contentTypeOf } from "./http-answer.ts";
import { unsigned, type RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";
import { OpenedAhead } from "./opened-ahead.ts";
import { wantsState } from "./start-message.ts";
import { SuspendedRuns } from "./suspended.ts";
import { Ticker, type Ticking } from "./ticker.ts";

/** What the driver asks of the engine while an invocation runs. */
export interface DriverEngine {
  readonly keyedState: Pick<KeyedStateVerbs, "entries">;
  /** The business key of a run, or of a start that waits for its turn. */
  keyOf(runId: RunId): Promise<KeyRef | undefined>;
}

export interface EndpointParts {
  readonly env: Env;
  readonly guard: OutboundGuard;
  readonly engine: DriverEngine;
  readonly deployment: Deployment;
  readonly catalog: () => Catalog;
  readonly identity?: RequestIdentity;
  /** Default: `driverLimits.attempts`. */
  readonly attempts?: number;
}

/** What an attempt needs and may have to be waited for. */
export interface Prepared {
  readonly entries: ReadonlyMap<string, Payload> | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export class Endpoint {
  readonly env: Env;
  readonly deployment: Deployment;
  readonly slots: AttemptSlots;
  readonly suspended: SuspendedRuns = new SuspendedRuns();
  readonly keyOf: (runId: RunId) => Promise<KeyRef | undefined>;
  readonly #parts: EndpointParts;
  readonly #transport: Transport;
  readonly #prefix: string;
  readonly #ticker: Ticker;
  readonly #attempts = new Set<Attempt>();
  readonly #ahead: OpenedAhead;
  readonly #crowd: Ticking;
  #isLeaving = false;

  constructor(parts: EndpointParts) {
    const { env, deployment, guard, engine, attempts = driverLimits.attempts } = parts;
    this.#parts = parts;
    this.env = env;
    this.deployment = deployment;
    this.keyOf = (runId) => engine.keyOf(runId);
    const origin = new URL(deployment.uri);
    this.#prefix = origin.pathname.replace(/\/+$/, "");
    this.#transport = transportTo({ origin, guard, env }, deployment.useHttp11);
    this.#ahead = new OpenedAhead(env, this.#transport);
    this.#ticker = new Ticker(env);
    this.#crowd = { noticeMs: driverLimits.idleAttemptMs, tick: (now) => this.#makeRoom(now) };
    this.slots = new AttemptSlots(attempts, () => this.#ticker.add(this.#crowd));
  }

  /** With its settings as they are now. `workflow`: `<service>.<handler>`. */
  handlerOf(workflow: string): HandlerView | undefined {
    const dot = workflow.lastIndexOf(".");
    const service = workflow.slice(0, dot);
    const handler = workflow.slice(dot + 1);
    return this.#parts.catalog().handlerAt(this.deployment.id, service, handler);
  }

  /** Nothing that has to be waited for: not a promise. */
  prepare(handler: HandlerView, spec: RunSpec): Prepared | Promise<Prepared> {
    const path = this.#pathOf(handler);
    const { identity, engine } = this.#parts;
    const { key } = spec;
    const isStateful = key !== undefined && wantsState(handler, spec);
    if (identity === undefined && !isStateful) {
      return { entries: undefined, headers: this.#headers(spec, unsigned) };
    }
    const entries = isStateful ? engine.keyedState.entries(key) : undefined;
    return Promise.all([entries, identity?.headers(path) ?? unsigned]).then(([known, signed]) => {
      return { entries: known, headers: this.#headers(spec, signed) };
    });
  }

  /** An attempt of it is likely to begin in a moment: what takes time is begun now. */
  foresee(handler: HandlerView, spec: RunSpec): void {
    if (!this.#isBidi(handler) || !this.slots.hasRoomBeside(this.#ahead.size)) return;
    const path = this.#pathOf(handler);
    const { identity } = this.#parts;
    const open = (signed: Readonly<Record<string, string>>): void => {
      if (this.#isLeaving) return;
      this.#ahead.open(spec.runId, { method: "POST", path, headers: this.#headers(spec, signed) });
      this.#ticker.add(this.#ahead);
    };
    if (identity === undefined) open(unsigned);
    // Who has none to sign with says so to the attempt.
    else identity.headers(path).then(open, () => undefined);
  }

  attempt(
    runId: RunId,
    handler: HandlerView,
    headers: Readonly<Record<string, string>>,
    listener: AttemptListener,
  ): Attempt {
    const { env, deployment } = this;
    const { inactivityTimeoutMs: inactivityMs, abortTimeoutMs: abortMs } = handler.settings;
    const { protocolVersion: version } = deployment;
    const attempt = new Attempt(
      {
        env,
        transport: {
          open: (request, one) => {
            return this.#ahead.take(runId, one) ?? this.#transport.open(request, one);
          },
        },
      },
      { method: "POST", path: this.#pathOf(handler), headers },
      { version, isBidi: this.#isBidi(handler), inactivityMs, abortMs },
      {
        listener,
        left: (one) => {
          this.#attempts.delete(one);
          this.#ticker.remove(one);
        },
      },
    );
    this.#attempts.add(attempt);
    this.#ticker.add(attempt);
    return attempt;
  }

  contextOf(handler: HandlerView, spec: RunSpec): ProjectionContext {
    const { namespace } = spec;
    const { catalog } = this.#parts;
    const resolve = (service: string, name: string) => catalog().handler(service, name);
    return { spec, handler, namespace, resolve };
  }

  /** From now on attempts get as far as they can without waiting, and suspend. */
  leave(): void {
    this.#isLeaving = true;
    this.#ahead.close();
    for (const attempt of this.#attempts) attempt.halfClose();
  }

  close(): void {
    this.#isLeaving = true;
    this.#ticker.stop();
    this.#ahead.close();
    for (const attempt of this.#attempts) attempt.giveUp();
    this.#transport.close();
  }

  /** It is answered while it is asked, for as long as it takes. */
  #isBidi({ settings }: HandlerView): boolean {
    const { protocolMode, useHttp11 } = this.deployment;
    const isLong = protocolMode === "BIDI_STREAM" && !useHttp11 && settings.inactivityTimeoutMs > 0;
    return isLong && !this.#isLeaving;
  }

  #pathOf({ service, name }: HandlerView): string {
    return `${this.#prefix}/invoke/${encodeURIComponent(service)}/${encodeURIComponent(name)}`;
  }

  #headers(
    { runId, key, headers = {} }: RunSpec,
    signed: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const { additionalHeaders, protocolVersion } = this.deployment;
    const type = contentTypeOf(protocolVersion);
    const { traceparent, tracestate } = headers;
    return {
      ...additionalHeaders,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
      "content-type": type,
      accept: type,
      "x-restate-invocation-id": invocationId(runId),
      ...(key === undefined ? {} : { "x-restate-service-key": encodeURIComponent(key.id) }),
      ...signed,
    };
  }

  /** Others wait for slots: those who have nothing to do are asked to suspend, the longest first. */
  #makeRoom(now: number): void {
    const { waiting } = this.slots;
    if (waiting === 0) return this.#ticker.remove(this.#crowd);
    const idle: { readonly attempt: Attempt; readonly since: number }[] = [];
    for (const attempt of this.#attempts) {
      const since = attempt.idleSince;
      if (since !== undefined && now - since >= driverLimits.idleAttemptMs) {
        idle.push({ attempt, since });
      }
    }
    idle.sort((a, b) => a.since - b.since);
    for (const { attempt } of idle.slice(0, waiting)) attempt.halfClose();
  }
}
