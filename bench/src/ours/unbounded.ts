import type { ConfigInput } from "@perdure/server";

/** Everything comes from one client: what protects a server from one is out of the way. */
export const unbounded: ConfigInput = {
  host: "127.0.0.1",
  port: 0,
  insecure: true,
  limits: { requestsPerSecond: 1_000_000, requestBurst: 1_000_000 },
};
