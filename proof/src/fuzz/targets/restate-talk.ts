/** Messages that one of Restate's SDKs may send, with whatever a seed puts into them. */
import { runId } from "@perdure/kernel";
import {
  awakeableId,
  invocationId,
  type Header,
  type InvocationTarget,
  type Message,
  type Result,
  type ValueOrFailure,
} from "@perdure/protocol-restate/protocol";
import type { Random } from "../random.ts";

const encoder = new TextEncoder();
const texts = ["a", "Echo", "[1]", "perdure.mail", "ü☕", "a:b%\n", "#17", "##"];
export const home = runId(1_700_000_000_000, 7, "0123456789abcdef");
const oddIds = ["", "inv_1", `inv_1${"z".repeat(33)}`, "sign_1AAAA", "x".repeat(600)];

/** Whom one may call. */
const callees: readonly (readonly [service: string, handler: string, key: string])[] = [
  ["Echo", "say", ""],
  ["Cart", "say", "k"],
  ["a", "say", "once"],
  ["perdure", "tidy.up", ""],
  ["perdure.mail", "send", "id"],
];

interface Named {
  readonly name: string;
}
interface Waited extends Named {
  readonly completionId: number;
}

export class Talk {
  readonly #random: Random;
  /** Mostly counted up, as the SDK does. */
  #id = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  message(): Message {
    const random = this.#random;
    const named = { name: random.chance(0.9) ? "" : this.#text() };
    const waited = { ...named, completionId: this.#next() };
    if (random.chance(0.02)) return this.#rare();
    switch (random.between(0, 3)) {
      case 0:
        return this.#step(waited);
      case 1:
        return random.chance(0.7)
          ? { type: "call", ...this.#call(), ...waited }
          : { type: "oneWayCall", ...this.#call(), invokeAt: random.between(0, 9), ...named };
      case 2:
        return this.#state(named, waited);
      default:
        return this.#between(named, waited);
    }
  }

  #step(waited: Waited): Message {
    const random = this.#random;
    if (random.chance(0.2))
      return { type: "sleep", wakeUpAt: random.between(0, 2 ** 31), ...waited };
    if (random.chance(0.6)) return { type: "run", ...waited };
    return {
      type: "proposeRunCompletion",
      completionId: random.between(1, Math.max(1, this.#id)),
      result: this.#result(),
      requestedAck: random.chance(0.5),
    };
  }

  #state(named: Named, waited: Waited): Message {
    const [key, value] = [this.#bytes(), this.#bytes()];
    return this.#random.pick<Message>([
      { type: "setState", key, value, ...named },
      { type: "clearState", key, ...named },
      { type: "clearAllState", ...named },
      { type: "getLazyState", key, ...waited },
      { type: "getLazyStateKeys", ...waited },
      { type: "getEagerState", key, result: { type: "void" }, ...named },
      { type: "getEagerState", key, result: { type: "value", value }, ...named },
      { type: "getEagerStateKeys", keys: [key, value], ...named },
    ]);
  }

  /** Promises, other invocations and signals. */
  #between(named: Named, waited: Waited): Message {
    const [key, result, target] = [this.#text(), this.#result(), this.#target()];
    const to = this.#idLike(invocationId(home));
    const index = { type: "index", index: this.#random.between(0, 20) } as const;
    const signal = { type: "name", name: this.#text() } as const;
    const awakeable = this.#idLike(awakeableId({ runId: home, index: 17 }));
    return this.#random.pick<Message>([
      { type: "getPromise", key, ...waited },
      { type: "peekPromise", key, ...waited },
      { type: "completePromise", key, result, ...waited },
      { type: "attachInvocation", target, ...waited },
      { type: "getInvocationOutput", target, ...waited },
      { type: "sendSignal", target: to, signal: index, result: { type: "void" }, ...named },
      { type: "sendSignal", target: to, signal, result, ...named },
      { type: "completeAwakeable", awakeableId: awakeable, result, ...named },
    ]);
  }

  #rare(): Message {
    const random = this.#random;
    const numbers = () => [random.between(1, 5)];
    const leaf = { completions: numbers(), signals: numbers(), namedSignals: [this.#text()] };
    const result: Result = { type: "void" };
    return random.pick<Message>([
      { type: "output", result: this.#result(), name: "" },
      { type: "end" },
      { type: "suspension", ...leaf },
      {
        type: "suspension",
        completions: [],
        signals: [],
        namedSignals: [],
        awaitingOn: {
          ...leaf,
          nested: [{ ...leaf, nested: [], combinator: "allCompleted" }],
          combinator: "firstSucceededOrAllFailed",
        },
      },
      { type: "completion", of: "sleep", completionId: 1, result },
    ]);
  }

  #call() {
    const headers: Header[] = this.#random.chance(0.3)
      ? [{ key: this.#text(), value: this.#text() }]
      : [];
    const isOdd = this.#random.chance(0.05);
    const odd = [this.#text(), this.#text(), this.#text()] as const;
    const [service, handler, key] = isOdd ? odd : this.#random.pick(callees);
    return {
      service,
      handler,
      key,
      parameter: this.#bytes(),
      headers,
      invocationIdCompletion: this.#next(),
      ...(this.#random.chance(0.2) ? { idempotencyKey: this.#text() } : {}),
      ...(this.#random.chance(0.01) ? { scope: this.#text() } : {}),
    };
  }

  #target(): InvocationTarget {
    const [service, handler, key] = this.#random.pick(callees);
    const request = { service, handler, key, idempotencyKey: this.#text() };
    return this.#random.pick<InvocationTarget>([
      { type: "invocationId", invocationId: this.#idLike(invocationId(home)) },
      { type: "workflow", workflow: { name: this.#text(), key: this.#text() } },
      { type: "idempotentRequest", idempotentRequest: request },
    ]);
  }

  #result(): ValueOrFailure {
    if (this.#random.chance(0.6)) return { type: "value", value: this.#bytes() };
    const metadata = this.#random.chance(0.5) ? [] : [{ key: this.#text(), value: this.#text() }];
    const code = this.#random.between(0, 2 ** 32 - 1);
    return { type: "failure", failure: { code, message: this.#text(), metadata } };
  }

  #idLike(good: string): string {
    return this.#random.chance(0.95) ? good : this.#random.pick(oddIds);
  }

  #next(): number {
    this.#id = this.#random.chance(0.01) ? this.#random.between(1, 9) : this.#id + 1;
    return this.#id;
  }

  #text(): string {
    if (this.#random.chance(0.01)) return this.#random.pick(["", "long".repeat(150)]);
    return this.#random.pick(texts);
  }

  #bytes(): Uint8Array {
    const text = encoder.encode(this.#text());
    return this.#random.chance(0.01) ? Uint8Array.of(0xff, ...text) : text;
  }
}
