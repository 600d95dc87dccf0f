/** Callers on this node who wait for a reply. Soft: they die with the node. */
import { ChurnMap } from "@perdure/kernel";
import type { Message, PerdureError, Reply, RequestId } from "@perdure/kernel";

/** Hears exactly one of the two, once. */
export interface Caller {
  answer(reply: Reply): void;
  fail(error: PerdureError): void;
}

/** Who waits for a reply to the message. */
export function callerOf(message: Message): RequestId | undefined {
  return "request" in message ? message.request : undefined;
}

export class Requests {
  readonly #callers = new ChurnMap<RequestId, Caller>();
  #last = 0;

  get size(): number {
    return this.#callers.size;
  }

  open(caller: Caller): RequestId {
    this.#callers.set(++this.#last, caller);
    return this.#last;
  }

  answer(request: RequestId, reply: Reply): void {
    this.#take(request)?.answer(reply);
  }

  fail(request: RequestId, error: PerdureError): void {
    this.#take(request)?.fail(error);
  }

  failAll(error: PerdureError): void {
    for (const request of this.#callers.keys()) this.fail(request, error);
  }

  #take(request: RequestId): Caller | undefined {
    const caller = this.#callers.get(request);
    this.#callers.delete(request);
    return caller;
  }
}
