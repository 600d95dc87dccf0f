import type { Transport } from "./exchange.ts";
import { Http1Transport } from "./http1-transport.ts";
import { Http2Transport, type TransportParts } from "./http2-transport.ts";

export function transportTo(parts: TransportParts, useHttp11: boolean): Transport {
  return useHttp11 ? new Http1Transport(parts) : new Http2Transport(parts);
}
