/** How a service runs as a process of its own: told by its arguments, ends with its parent. */
import type { AddressInfo, Server } from "node:net";
import { parseArgs } from "node:util";

export interface ServiceArguments {
  readonly ledger: string;
  readonly seed: string;
}

export function serviceArguments(): ServiceArguments {
  const { values } = parseArgs({
    options: { ledger: { type: "string" }, seed: { type: "string", default: "0" } },
  });
  if (values.ledger === undefined) throw new Error("--ledger FILE is missing");
  return { ledger: values.ledger, seed: values.seed };
}

/** Listens on a free port of this machine alone. */
export async function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Tells the parent where to call; when the parent is gone, however it went, so is this process. */
export function announce(message: Readonly<Record<string, unknown>>): void {
  process.once("disconnect", () => process.exit(0));
  // A Ctrl-C reaches the whole group: the parent decides when this process ends.
  process.on("SIGINT", () => {});
  process.send?.(message);
}
