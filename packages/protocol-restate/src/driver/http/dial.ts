/**
 * Connections to endpoints.
 *
 * T12: who makes connections for a tenant asks first which addresses it may call, and the connection
 * goes to that very address: a name that resolves to another one a moment later gains nothing.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { PerdureError } from "@perdure/kernel";
import { driverLimits } from "../limits.ts";
import { ExchangeFailure, failureOf } from "./exchange.ts";

/** Whom the driver may call: the port for the guard of whoever runs it. */
export interface OutboundGuard {
  /**
   * The addresses behind this origin that may be dialled, in the order in which they are tried.
   * Rejects with `forbidden` where there is none that may be.
   */
  addresses(origin: URL): Promise<readonly string[]>;
}

export interface DialOptions {
  /** Versions of HTTP to offer over TLS (`h2`, `http/1.1`), the best first. */
  readonly alpn: readonly string[];
  readonly connectMs?: number;
}

export async function dial(
  origin: URL,
  guard: OutboundGuard,
  options: DialOptions,
): Promise<Socket> {
  let addresses: readonly string[];
  try {
    addresses = await guard.addresses(origin);
  } catch (error) {
    const isForbidden = error instanceof PerdureError && error.code === "forbidden";
    throw failureOf(error, isForbidden ? "forbidden" : "connect");
  }
  let last: unknown = new ExchangeFailure("connect", `${origin.hostname} has no address`);
  for (const address of addresses.slice(0, driverLimits.addressesTried)) {
    try {
      return await open(origin, address, options);
    } catch (error) {
      last = error;
    }
  }
  const failure = failureOf(last, "connect");
  throw new ExchangeFailure(
    "connect",
    `no connection to ${origin.host}: ${failure.message}`,
    failure,
  );
}

function open(origin: URL, address: string, options: DialOptions): Promise<Socket> {
  const { alpn, connectMs = driverLimits.connectMs } = options;
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const port = Number(origin.port || (origin.protocol === "https:" ? 443 : 80));
  return new Promise((resolve, reject) => {
    const isTls = origin.protocol === "https:";
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket: Socket | TLSSocket = isTls
      ? connectTls({ host: address, port, ALPNProtocols: [...alpn], ...name })
      : connectTcp({ host: address, port });
    const settle = (): void => {
      socket.setTimeout(0);
      socket.off("error", failed).off("timeout", late);
    };
    const failed = (error: Error): void => {
      settle();
      socket.on("error", () => undefined).destroy();
      reject(error);
    };
    const late = (): void => failed(new Error(`it was not made within ${connectMs} ms`));
    // Neither the name nor TLS is waited for any longer than the connection itself.
    socket.setTimeout(connectMs, late);
    socket.once("error", failed).once(isTls ? "secureConnect" : "connect", () => {
      settle();
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
