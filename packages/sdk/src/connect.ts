/** Perdure on a server: the client over HTTP, and a worker over a WebSocket where there is code. */
import { hostname } from "node:os";
import { PerdureError } from "@perdure/kernel";
import { operations } from "@perdure/wire";
import { EnginePerdure } from "./client/engine-client.ts";
import type { Perdure } from "./client/perdure.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { durationMs } from "./duration.ts";
import { RemoteEngine } from "./remote/remote-engine.ts";
import { SDK } from "./version.ts";
import { StreamWorker } from "./stream/stream-worker.ts";
import { publishDefinitions } from "./worker/publish-definitions.ts";
import { guardOf, settingOf, workerOptions, type Setting } from "./worker/setting.ts";

/**
 * Connects to a server, as a client and, with code, as a worker. Nothing else differs from `open`.
 *
 * ```ts
 * await using perdure = await connect("http://localhost:7373", { workflows: [returns] });
 * const run = await perdure.start(returns, { id: "return-7", input });
 * ```
 *
 * Of a cluster several servers may be named, in a list or with commas between: any of them answers for
 * all, and when one is gone the next is asked. Without an address, that of the environment's
 * `PERDURE_URL` is taken.
 */
export async function connect(
  url: string | readonly string[],
  options?: ConnectOptions,
): Promise<Perdure>;
export async function connect(options?: ConnectOptions): Promise<Perdure>;
export async function connect(
  address?: string | readonly string[] | ConnectOptions,
  more: ConnectOptions = {},
): Promise<Perdure> {
  const [url, options] = isOptions(address) ? [undefined, address] : [address, more];
  const { apiKey = process.env["PERDURE_API_KEY"], tls, callTimeout } = options;
  const setting = settingOf(options);
  const { env, registry } = setting;
  const served = workerOptions(registry, options.worker);
  const engine = await RemoteEngine.open({
    url: url ?? urlOfEnvironment(),
    apiKey,
    tls,
    env: { ...env, log: setting.log },
    trace: () => setting.tracer?.headers?.() ?? {},
    ...(callTimeout === undefined ? {} : { deadlineMs: durationMs(callTimeout) }),
  });
  const { namespace } = engine;
  let leave = async (): Promise<void> => undefined;
  const close = once(async () => {
    await leave();
    await engine.close();
  });
  try {
    checkNamespace(options.namespace, namespace);
    await publishDefinitions(engine, namespace, registry.workflows);
    if (registry.workflows.size + registry.tasks.size > 0) {
      const worker = serverWorker(engine.urls, served, { ...options, apiKey }, setting);
      leave = worker.leave;
      await worker.start();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return new EnginePerdure({ engine, namespace, now: () => env.now(), close });
}

interface ServerWorker {
  /** Resolves when the server has taken it. */
  readonly start: () => Promise<void>;
  /** Finishes what it has, and leaves. */
  readonly leave: () => Promise<void>;
}

function serverWorker(
  urls: readonly string[],
  served: ReturnType<typeof workerOptions>,
  options: Omit<ConnectOptions, "apiKey"> & { readonly apiKey: string | undefined },
  setting: Setting,
): ServerWorker {
  const { apiKey, tls } = options;
  const guard = guardOf(options, setting);
  const [first = "", ...rest] = urls;
  const worker = new StreamWorker({
    ...setting,
    url: [streamUrl(first), ...rest.map(streamUrl)],
    id: setting.newWorkerId(hostname()),
    sdk: SDK,
    guard,
    tls,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    options: { ...served, labels: { host: hostname(), pid: String(process.pid) } },
  });
  return {
    start: () => worker.start(),
    leave: async () => {
      await worker.drain();
      guard.close();
    },
  };
}

function streamUrl(url: string): string {
  return url.replace(/^http/, "ws") + operations["workers.stream"].path;
}

function isOptions(
  address: string | readonly string[] | ConnectOptions | undefined,
): address is ConnectOptions {
  return typeof address === "object" && !Array.isArray(address);
}

function urlOfEnvironment(): string {
  const url = process.env["PERDURE_URL"];
  if (url !== undefined && url !== "") return url;
  const text =
    'connect() knows no server: say connect("http://localhost:7373"), or set PERDURE_URL in the ' +
    "environment";
  throw new PerdureError("invalid-argument", text);
}

function checkNamespace(wanted: string | undefined, namespace: string): void {
  if (wanted === undefined || wanted === namespace) return;
  const text =
    `the API key is for the namespace "${namespace}", not "${wanted}": give a key of "${wanted}", ` +
    `or leave the option out`;
  throw new PerdureError("forbidden", text);
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
