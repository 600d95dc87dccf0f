import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that the system gives to connections: none takes it while its server is dead. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
