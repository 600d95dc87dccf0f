/** A line over a WebSocket. */
import type { Socket } from "node:net";
import { wireLimits } from "@perdure/wire";
import { WebSocket, type ClientOptions } from "ws";
import { streamLimits } from "./limits.ts";
import type { Destination, Ear, Line } from "./line.ts";

export function dialWebSocket({ url, headers, tls }: Destination, ear: Ear): Line {
  const socket = new WebSocket(url, {
    headers,
    ...(tls as ClientOptions),
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: wireLimits.frameBytes,
  });
  let stream: Socket | undefined;
  socket.on("upgrade", (response) => {
    stream = response.socket;
  });
  socket.on("open", () => ear.open());
  // Of the default `binaryType`, which is a Buffer.
  socket.on("message", (data, isBinary) => ear.frame(data as Buffer, isBinary));
  socket.on("unexpected-response", (_, response) => {
    const body: Uint8Array[] = [];
    const refuse = (): void => {
      ear.refused(response.statusCode ?? 0, Buffer.concat(body));
      socket.terminate();
    };
    let bytes = 0;
    response.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= streamLimits.refusalBytes) body.push(chunk);
    });
    response.on("end", refuse);
    response.on("error", refuse);
  });
  socket.on("error", (error) => ear.failed(error));
  socket.on("close", (_code, reason) => ear.ended(reason.toString()));
  return {
    send: (frame) => socket.send(frame, ignored),
    close: () => socket.close(NORMAL),
    terminate: () => socket.terminate(),
    keepAwake: (isWanted) => void (isWanted ? stream?.ref() : stream?.unref()),
  };
}

/** RFC 6455, section 7.4. */
const NORMAL = 1000;

/** A socket that closes meanwhile says so by its own event. */
function ignored(): void {}
