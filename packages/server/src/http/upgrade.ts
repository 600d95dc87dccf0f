/**
 * The paths that take a WebSocket: workers' streams and clients' calls. The request is admitted like
 * every other before a byte of the handshake is answered (trap T2); then its host owns the socket.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Env } from "@perdure/engine";
import { PerdureError, type ErrorCode } from "@perdure/kernel";
import { errorToJson, operations, type Operation } from "@perdure/wire";
import { WebSocketServer, type WebSocket } from "ws";
import type { Caller } from "../access/caller.ts";
import { policy } from "../access/roles.ts";
import type { Admission } from "./admission.ts";
import type { Observer } from "./finished.ts";
import { asPerdureError, refusalHeaders, statusOf } from "./refusal.ts";

/** One of the paths. */
export interface UpgradeDoor {
  readonly operation: Operation;
  /** Of one message; a longer one ends the connection. */
  readonly maxFrameBytes: number;
  /** The socket is open and nothing was read from it. The result ends it. */
  readonly accept: (
    open: WebSocket,
    caller: Caller,
    knock: Knock,
  ) => (reason: PerdureError) => void;
}

export interface Knock {
  readonly request: IncomingMessage;
  readonly address: string;
  readonly requestId: string;
}

export interface UpgradeParts {
  readonly admission: Admission;
  readonly doors: readonly UpgradeDoor[];
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

interface OpenDoor extends UpgradeDoor {
  readonly sockets: WebSocketServer;
}

export function upgrades(parts: UpgradeParts): Upgrades {
  const doors = new Map(
    parts.doors.map((door): [string, OpenDoor] => {
      // Compression would let a small frame become a large one.
      const options = { noServer: true, perMessageDeflate: false };
      const sockets = new WebSocketServer({ ...options, maxPayload: door.maxFrameBytes });
      return [operations[door.operation].path, { ...door, sockets }];
    }),
  );
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { admission } = parts;
    const requestId = parts.newId();
    const address = request.socket.remoteAddress ?? "";
    const door = doors.get(request.url?.split("?", 1)[0] ?? "");
    let caller: Caller | undefined;
    const told = (status: number, code?: ErrorCode): void => {
      const operation = door?.operation;
      const about = { requestId, caller, operation, method: "GET", status, code };
      parts.observe({ ...about, target: undefined, address, durationMs: 0 });
    };
    try {
      admission.checkShape(request);
      if (door === undefined) throw noDoor([...doors.keys()]);
      const admitted = await admission.admit(request, policy[door.operation]);
      caller = admitted;
      const leave = admission.sockets.take(admitted.id);
      socket.once("close", leave);
      door.sockets.handleUpgrade(request, socket, head, (open) => {
        const expel = door.accept(open, admitted, { request, address, requestId });
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
    close: () => {
      for (const { sockets } of doors.values()) sockets.close();
    },
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

function noDoor(paths: readonly string[]): PerdureError {
  return new PerdureError("not-found", `Only ${paths.join(" and ")} take a WebSocket here.`);
}
