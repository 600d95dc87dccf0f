import type { ConfigInput, RunningServer } from "@perdure/server";
import { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { examples, type CommandOf } from "../command.ts";
import type { Context } from "../context.ts";
import { nodeSettings, withNodeFlags, type NodeFlags } from "./node-flags.ts";
import { dim, green, yellow, type Text } from "../terminal/text.ts";

interface Options extends RestatePorts, NodeFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: true;
  readonly restateIdentityKeyFile?: string;
  readonly print?: true;
}

export const start: CommandOf = (choose) =>
  withNodeFlags(new Command("start"))
    .description("a server, in the foreground, until SIGTERM or Ctrl-C")
    .option("--config <file>", "settings as JSON with comments")
    .option("--host <address>", "to listen on (default: 127.0.0.1)")
    .option("--port <port>", "0: any free one (default: 7373)", wholeNumber(0))
    .option("--insecure", "whoever reaches it may do everything; loopback only")
    .option("--restate", "also serve Restate's ingress and admin APIs, and drive its SDKs")
    .option("--restate-ingress-port <port>", "0: any free one (default: 8080)", wholeNumber(0))
    .option("--restate-admin-port <port>", "0: any free one (default: 9070)", wholeNumber(0))
    .option(
      "--restate-identity-key-file <file>",
      "an Ed25519 key (PEM) that requests to Restate endpoints are signed with",
    )
    .option("--print", "say what every setting is and where it comes from, and do not start")
    .addHelpText(
      "after",
      `${examples(
        "perdure start --config perdure.json",
        "PERDURE_ADMIN_KEY=$(perdure keys generate) perdure start --store sqlite:./perdure.db",
        "perdure start --store postgres://db/app --node-listen 10.0.0.7:7400 --node-secret-file s",
      )}

--store names its store. Every setting has a variable, PERDURE_ and its name in capitals; flags are
stronger than the environment, which is stronger than the file. --print shows them all.`,
    )
    .action((options: Options) => choose((context) => startServer(context, options)));

async function startServer(context: Context, options: Options): Promise<void> {
  // The server and what it is made of are loaded where one is started, and nowhere else.
  const {
    describeConfig,
    loadConfig,
    startServer: open,
    withoutPassword,
  } = await import("@perdure/server");
  const { config: file, host, port, insecure, print } = options;
  const restate = restateFlags(options);
  const { store } = context;
  const flags: ConfigInput = {
    ...(store === undefined ? {} : { store }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(Object.keys(restate).length === 0 ? {} : { restate }),
    ...nodeSettings(options),
  };
  const loaded = loadConfig({
    env: serverEnvironment(context),
    flags,
    ...(file === undefined ? {} : { file }),
  });
  for (const warning of loaded.warnings) context.err.line([yellow("warning: "), warning]);
  if (print) {
    const settings = describeConfig(loaded);
    if (context.json) context.out.json({ settings });
    else
      for (const { name, value, source, env } of settings) {
        context.out.line([
          name.padEnd(28),
          " ",
          shown(value).padEnd(24),
          " ",
          dim(`${source}  ${env}`),
        ]);
      }
    return;
  }
  const server = await open({ ...loaded.config, sources: loaded.sources });
  const { restate: doors } = server;
  if (context.json) {
    context.out.json(
      { url: server.url, ...(doors === undefined ? {} : { restate: doors }) },
      "line",
    );
  } else {
    context.out.line([
      green("perdure "),
      `serves at ${server.url}`,
      dim(`, store ${withoutPassword(loaded.config.store)}`),
    ]);
    const { listen } = loaded.config.node;
    if (listen !== undefined) context.out.line(["        ", `other nodes at ${listen}`]);
    if (doors) context.out.line(restateLine(doors));
  }
  await untilInterrupted(context.interrupted);
  const others = (server.engine.stats().node?.nodes ?? 1) > 1;
  const what = others ? "partitions go to the other nodes" : "the store is closed";
  context.err.line(dim(`Draining: work in progress ends, then ${what}. Again to leave at once.`));
  await server.close();
  context.stopped();
}

export interface RestatePorts {
  readonly restate?: true;
  readonly restateIngressPort?: number;
  readonly restateAdminPort?: number;
}

export function restateFlags(
  options: RestatePorts & { readonly restateIdentityKeyFile?: string },
): NonNullable<ConfigInput["restate"]> & { identityKeyFile?: string } {
  const {
    restate,
    restateIngressPort: ingressPort,
    restateAdminPort: adminPort,
    restateIdentityKeyFile: identityKeyFile,
  } = options;
  return {
    ...(restate === undefined ? {} : { enabled: true }),
    ...(ingressPort === undefined ? {} : { ingressPort }),
    ...(adminPort === undefined ? {} : { adminPort }),
    ...(identityKeyFile === undefined ? {} : { identityKeyFile }),
  };
}

type RestateUrls = NonNullable<RunningServer["restate"]>;

export function restateLine({ ingressUrl, adminUrl }: RestateUrls): Text {
  return ["        ", `Restate's ingress at ${ingressUrl}, its admin API at ${adminUrl}`];
}

/** What says where a client finds a server is not a setting of one. */
function serverEnvironment({ env }: Context): Context["env"] {
  const { PERDURE_URL: _, PERDURE_API_KEY: __, ...rest } = env;
  return rest;
}

function shown(value: unknown): string {
  return value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
}

export function untilInterrupted(interrupted: AbortSignal): Promise<void> {
  if (interrupted.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
}
