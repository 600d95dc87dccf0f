/**
 * One server, its services, and the proxies between them and the scenarios.
 *
 * 1. Everything that it started ends in `close`, also what scenarios have for themselves.
 * 2. Its ports and folder stay the same when the server is ended and started again.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin } from "./admin.ts";
import type { Against, Faults, Mode } from "./mode.ts";
import { patientFetch } from "./patient-fetch.ts";
import { FaultProxy, fatesOfClients, fatesOfServices } from "./proxy/proxy.ts";
import type { Random } from "./random.ts";
import { perdureServer } from "./servers/perdure.ts";
import { referenceServer } from "./servers/reference.ts";
import type { ServerOptions, ServerUnderTest } from "./servers/server.ts";
import { ServicesProcess } from "./services-process.ts";
import type { ServiceSettings } from "./services/settings.ts";
import { ingressOf, type OwnServices, type Solo, type SoloOptions, type World } from "./world.ts";

const patienceMs = { none: 0, proxy: 45_000, kills: 45_000 } as const;

export interface HouseOptions {
  readonly against: Against;
  readonly mode: Mode;
  readonly faults: Faults;
  readonly random: Random;
}

type Undo = () => Promise<void>;

export class House {
  readonly #options: HouseOptions;
  readonly #folder: string;
  readonly #undo: Undo[] = [];
  readonly server: ServerUnderTest;
  readonly #services: ServicesProcess;
  #ingressUrl: string;
  #faultProxies: readonly FaultProxy[] = [];

  private constructor(options: HouseOptions, folder: string, server: ServerUnderTest) {
    this.#options = options;
    this.#folder = folder;
    this.server = server;
    this.#ingressUrl = server.ingressUrl;
    this.#services = new ServicesProcess({ mode: options.mode });
  }

  static async open(options: HouseOptions): Promise<House> {
    const folder = await mkdtemp(join(tmpdir(), "perdure-conformance-"));
    const server = await serverOf(options.against, { folder });
    const house = new House(options, folder, server);
    try {
      await Promise.all([server.start(), house.#services.start()]);
      await house.#registered();
      return house;
    } catch (error) {
      await house.close();
      throw error;
    }
  }

  /** What a scenario gets, and what undoes what it has for itself. */
  world(): { world: World; leave: Undo } {
    const { against, mode, faults, random } = this.#options;
    const key = `k${randomUUID().replaceAll("-", "")}`;
    const patience = patienceMs[faults];
    const ask = faults === "none" ? fetch : patientFetch(random, patience);
    const admin = new Admin(this.server.adminUrl, patience);
    const undo: Undo[] = [];
    const world: World = {
      against,
      mode,
      faults,
      key,
      admin,
      ingress: ingressOf(this.#ingressUrl, ask),
      ingressUrl: this.#ingressUrl,
      adminUrl: this.server.adminUrl,
      request: (path, init) => ask(`${this.#ingressUrl}${path}`, init),
      counted: (tag) => this.#services.counted(tag),
      own: (settings = {}) => ownServices(admin, { ...settings, mode, suffix: `_${key}` }, undo),
      solo: (options = {}) => solo(this.#options, options, undo),
    };
    return { world, leave: () => allUndone(undo) };
  }

  /** How many connections had which fault. */
  faults(): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const { counts } of this.#faultProxies) {
      for (const [kind, count] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + count;
    }
    return sum;
  }

  async close(): Promise<void> {
    await allUndone(this.#undo);
    await Promise.all([this.server.kill(), this.#services.end("SIGKILL")]);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #registered(): Promise<void> {
    const { faults, random } = this.#options;
    const admin = new Admin(this.server.adminUrl, 20_000);
    if (faults === "proxy") {
      const toServices = new FaultProxy(() => this.#services.port, fatesOfServices, random);
      const toServer = new FaultProxy(
        () => Number(new URL(this.server.ingressUrl).port),
        fatesOfClients,
        random,
      );
      this.#faultProxies = [toServices, toServer];
      this.#undo.push(...this.#faultProxies.map((proxy) => () => proxy.close()));
      this.#ingressUrl = await toServer.listen();
      await admin.register(await toServices.listen());
    } else {
      await admin.register(this.#services.url);
    }
    await settles(this.server.ingressUrl);
  }
}

const serverOf = (against: Against, options: ServerOptions): Promise<ServerUnderTest> =>
  against === "perdure" ? perdureServer(options) : referenceServer(options);

/** A server that says it is healthy may still be choosing its partitions' leaders: calls wait. */
async function settles(ingressUrl: string): Promise<void> {
  const calls = Array.from({ length: 20 }, () =>
    fetch(`${ingressUrl}/Echo/nothing`, { method: "POST" }).then((reply) => reply.arrayBuffer()),
  );
  await Promise.all(calls);
}

async function ownServices(
  admin: Admin,
  settings: Partial<ServiceSettings>,
  undo: Undo[],
): Promise<OwnServices> {
  const services = new ServicesProcess({ set: "own", ...settings });
  await services.start();
  undo.push(() => services.end("SIGKILL"));
  const { id } = await admin.register(
    services.url,
    settings.http1 === true ? { use_http_11: true } : {},
  );
  undo.push(async () => void (await admin.ask("DELETE", `/deployments/${id}?force=true`)));
  return { process: services, deployment: id, named: (name) => `${name}${settings.suffix}` };
}

async function solo(house: HouseOptions, options: SoloOptions, undo: Undo[]): Promise<Solo> {
  const folder = await mkdtemp(join(tmpdir(), "perdure-conformance-"));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const { identityKeyFile } = options;
  const server = await serverOf(
    house.against,
    identityKeyFile === undefined ? { folder } : { folder, identityKeyFile },
  );
  undo.push(() => server.kill());
  const services = new ServicesProcess({ set: "own", mode: house.mode, ...options.services });
  undo.push(() => services.end("SIGKILL"));
  await Promise.all([server.start(), services.start()]);
  const admin = new Admin(server.adminUrl, 20_000);
  await admin.register(services.url);
  return { server, services, admin, ingress: ingressOf(server.ingressUrl) };
}

/** The last first. */
async function allUndone(undo: Undo[]): Promise<void> {
  for (const each of undo.splice(0).toReversed()) {
    try {
      await each();
    } catch {
      // What is being undone may have ended by itself; the rest is undone all the same.
    }
  }
}
