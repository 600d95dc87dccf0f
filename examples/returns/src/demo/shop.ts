/** Everything around the engine: a folder, the services, the people who approve. */
import { randomBytes, randomInt } from "node:crypto";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { DemoConfig } from "../config.ts";
import { stockInventory } from "../clients/inventory.ts";
import { requestsFile } from "../generate.ts";
import type { Stats } from "../services/ledger.ts";
import { ApproverDesk } from "./approver.ts";
import { readEvidence, readStats, type Evidence } from "./evidence.ts";
import type { DemoOptions } from "./options.ts";
import { ready, spawnScript } from "./processes.ts";

export const APPROVAL_TIMEOUT_MS = 10_000;

const scripts = {
  carrier: new URL("../services/carrier.ts", import.meta.url),
  payment: new URL("../services/payment.ts", import.meta.url),
  mail: new URL("../services/mail-server.ts", import.meta.url),
};

export interface Shop {
  readonly config: DemoConfig;
  readonly configFile: string;
  readonly approver: ApproverDesk;
  evidence(): Promise<Evidence>;
  stats(): Promise<Record<string, Stats>>;
}

/** A port that is free now, and that no connection will take while the server on it is dead. */
async function fixedPort(): Promise<number> {
  // Below those that the system gives to connections.
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** As `perdure keys create` makes them. */
function newApiKey(): string {
  return `pdk_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("base64url")}`;
}

interface Up {
  readonly port: number;
  readonly smtpPort?: number;
}

export async function openShop(
  folder: string,
  { seed, startsPerSecond, cast }: Pick<DemoOptions, "seed" | "startsPerSecond" | "cast">,
): Promise<Shop> {
  const inFolder = (name: string): string => join(folder, name);
  const service = async (name: keyof typeof scripts): Promise<Up> => {
    const args = ["--ledger", inFolder(`${name}.db`), "--seed", String(seed)];
    return ready<Up>(spawnScript(scripts[name], args, inFolder(`${name}.log`)));
  };
  const approver = new ApproverDesk(seed, inFolder("approver.db"));
  const [carrier, payment, mail, approverUrl] = await Promise.all([
    service("carrier"),
    service("payment"),
    service("mail"),
    approver.open(),
  ]);
  stockInventory(inFolder("inventory.db"));
  copyFileSync(requestsFile, inFolder("requests.jsonl"));
  const urls = {
    carrier: `http://127.0.0.1:${carrier.port}`,
    payment: `http://127.0.0.1:${payment.port}`,
    approver: approverUrl,
    mail: `http://127.0.0.1:${mail.port}`,
  };
  const [serverCount, databaseCount] = cast === "cluster" ? [3, 2] : [1, 0];
  const servers: DemoConfig["servers"] = [];
  for (let n = 0; n < serverCount; n++) {
    servers.push({ port: await fixedPort(), nodePort: await fixedPort() });
  }
  const databases: DemoConfig["databases"] = [];
  for (let n = 1; n <= databaseCount; n++) {
    databases.push({ folder: inFolder(`database-${n}`), port: await fixedPort() });
  }
  const config: DemoConfig = {
    store:
      databases.length === 0
        ? `sqlite:${inFolder("perdure.db")}`
        : databases.map(({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`).join(),
    requests: inFolder("requests.jsonl"),
    inventory: inFolder("inventory.db"),
    results: inFolder("results.jsonl"),
    rejects: inFolder("rejects.jsonl"),
    carrierUrl: urls.carrier,
    paymentUrl: urls.payment,
    approverUrl: urls.approver,
    smtpPort: mail.smtpPort ?? 0,
    approvalTimeout: `${APPROVAL_TIMEOUT_MS}ms`,
    startsPerSecond,
    servers,
    databases,
    apiKey: newApiKey(),
    nodeSecret: randomBytes(32).toString("base64url"),
  };
  const configFile = inFolder("config.json");
  writeFileSync(configFile, JSON.stringify(config, undefined, 2));
  return {
    config,
    configFile,
    approver,
    evidence: async () => readEvidence(Object.values(urls)),
    stats: async () => {
      const entries = Object.entries(urls).map(async ([name, url]) => [name, await readStats(url)]);
      return Object.fromEntries(await Promise.all(entries)) as Record<string, Stats>;
    },
  };
}
