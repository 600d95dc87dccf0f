/**
 * `GET /v1/workers/stream` as a WebSocket. The request is admitted like every other before a byte of
 * the handshake is answered (trap T2); then the host of streams owns the socket.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Env } from "@perdure/engine";
import { PerdureError, type ErrorCode } from "@perdure/kernel";
import { errorToJson, operations } from "@perdure/wire";
import { WebSocketServer } from "ws";
import type { Caller } from "../access/caller.ts";
import { policy } from "../access/roles.ts";
import type { StreamHost } from "../workers/hosts.ts";
import type { Admission } from "./admission.ts";
import type { Observer } from "./finished.ts";
import { asPerdureError, refusalHeaders, statusOf } from "./refusal.ts";

export interface UpgradeParts {
  readonly admission: Admission;
  readonly streams: StreamHost;
  readonly newId: () => string;
  readonly env: Env;
  readonly observe: Observer;
}

type Accept = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Upgrades {
  readonly accept: Accept;
  close(): void;
}

const SWITCHING = 101;
const STREAM = operations["workers.stream"].path;

export function upgrades(parts: UpgradeParts): Upgrades {
  const { maxFrameBytes: maxPayload } = parts.streams;
  // Compression would let a small frame become a large one.
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { admission, streams } = parts;
    const requestId = parts.newId();
    let caller: Caller | undefined;
    const told = (status: number, code?: ErrorCode): void => {
      parts.observe({
        requestId,
        caller,
        operation: "workers.stream",
        method: "GET",
        status,
        code,
        target: undefined,
        address: request.socket.remoteAddress ?? "",
        durationMs: 0,
      });
    };
    try {
      admission.checkShape(request);
      if (request.url?.split("?", 1)[0] !== STREAM) throw noStream();
      const admitted = await admission.admit(request, policy["workers.stream"]);
      caller = admitted;
      const leave = admission.sockets.take(admitted.id);
      socket.once("close", leave);
      const address = request.socket.remoteAddress ?? "";
      sockets.handleUpgrade(request, socket, head, (open) => {
        const expel = streams.accept(open, admitted, { address, requestId });
        open.once("close", admission.watch(request, expel));
      });
      told(SWITCHING);
    } catch (thrown) {
      const error = asPerdureError(thrown, requestId);
      if (error !== thrown)
        parts.env.log("error", "an upgrade failed", { requestId, error: thrown });
      refuse(socket, error, requestId);
      told(statusOf(error), error.code);
    }
  };
  return {
    accept: (request, socket, head) => {
      // Whoever cuts the line in the middle of a handshake has no more to say.
      socket.on("error", () => socket.destroy());
      void accept(request, socket, head);
    },
    close: () => sockets.close(),
  };
}

function refuse(socket: Duplex, error: PerdureError, requestId: string): void {
  const status = statusOf(error);
  const body = JSON.stringify(errorToJson(error));
  const fields = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...refusalHeaders(error, requestId),
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head.join("")}\r\n${body}`);
}

function noStream(): PerdureError {
  return new PerdureError("not-found", `Only ${STREAM} takes a WebSocket here.`);
}
