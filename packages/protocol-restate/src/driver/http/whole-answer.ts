/** A request to an endpoint whose answer is wanted whole: bounded in bytes and in time. */
import type { Env } from "@perdure/engine";
import { driverLimits } from "../limits.ts";
import type { OutboundGuard } from "./dial.ts";
import type { ExchangeFailure, ExchangeRequest, ResponseHead } from "./exchange.ts";
import { transportTo } from "./transport.ts";

export interface WholeAnswer {
  readonly head: ResponseHead;
  readonly body: Uint8Array;
}

export interface WholeRequest extends ExchangeRequest {
  readonly origin: URL;
  readonly useHttp11: boolean;
  readonly body?: Uint8Array;
  /** Of the answer. */
  readonly maxBytes: number;
}

/** What goes wrong, in the words of whoever asks. */
export interface WholeErrors {
  /** It is late, or ends without a head. */
  readonly missing: (why: string) => Error;
  readonly tooLarge: () => Error;
  readonly failed: (failure: ExchangeFailure) => Error;
}

/** On a connection of its own, which is closed afterwards. */
export async function wholeAnswer(
  { origin, useHttp11, body, maxBytes, ...request }: WholeRequest,
  { env, guard }: { readonly env: Env; readonly guard: OutboundGuard },
  errors: WholeErrors,
): Promise<WholeAnswer> {
  const transport = transportTo({ origin, guard, env }, useHttp11);
  const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
  const late = `it did not answer within ${driverLimits.discoverMs} ms`;
  const cancel = env.after(driverLimits.discoverMs, () => reject(errors.missing(late)));
  let head: ResponseHead | undefined;
  let size = 0;
  const pieces: Uint8Array[] = [];
  const exchange = transport.open(request, {
    head: (given) => {
      head = given;
    },
    chunk: (piece) => {
      pieces.push(piece);
      size += piece.length;
      if (size <= maxBytes) return;
      exchange.reset();
      reject(errors.tooLarge());
    },
    ended: () => {
      if (head === undefined) reject(errors.missing("it gave no answer"));
      else resolve({ head, body: Buffer.concat(pieces) });
    },
    failed: (failure) => reject(errors.failed(failure)),
    drained: () => undefined,
  });
  if (body !== undefined) exchange.write(body);
  exchange.end();
  try {
    return await promise;
  } finally {
    cancel();
    transport.close();
  }
}
