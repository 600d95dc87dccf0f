import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative as pathFrom } from "node:path";
import { PerdureError } from "@perdure/kernel";
import type { RunningServer } from "@perdure/server";
import { Command } from "commander";
import { wholeNumber } from "../arguments.ts";
import { examples, type CommandOf } from "../command.ts";
import { storeKey } from "../connect/credentials.ts";
import type { Context } from "../context.ts";
import { Activity, type RunNews } from "../dev/activity.ts";
import { DevWorker, type DevEvent } from "../dev/worker.ts";
import { statusText } from "../runs/status.ts";
import { failureLine, preview } from "../terminal/preview.ts";
import { bold, cut, cyan, dim, green, red, yellow, type Text } from "../terminal/text.ts";
import { span } from "../terminal/time.ts";
import { restateFlags, restateLine, untilInterrupted, type RestatePorts } from "./start.ts";

interface Options extends RestatePorts {
  readonly port?: number;
}

const DEFAULT_STORE = "sqlite:./.perdure/dev.db";

export const dev: CommandOf = (choose) =>
  new Command("dev")
    .description(
      "a server for this machine, with your file as its worker, reloaded when it changes",
    )
    .argument("[file]", "a TypeScript or JavaScript file that exports workflows, tasks and objects")
    .option("--port <port>", "0: any free one (default: 7373)", wholeNumber(0))
    .option("--restate", "also serve Restate's ingress and admin APIs, and drive its SDKs")
    .option("--restate-ingress-port <port>", "0: any free one (default: 8080)", wholeNumber(0))
    .option("--restate-admin-port <port>", "0: any free one (default: 9070)", wholeNumber(0))
    .addHelpText(
      "after",
      `${examples("perdure dev ./returns.ts", "perdure dev ./returns.ts --store memory:")}

--store names its store (default: ${DEFAULT_STORE}). Other commands on this machine find the server and its token.`,
    )
    .action((file: string | undefined, options: Options) =>
      choose((context) => develop(context, file, options)),
    );

async function develop(
  context: Context,
  file: string | undefined,
  options: Options,
): Promise<void> {
  if (file !== undefined && !existsSync(file)) {
    throw new PerdureError("not-found", `There is no file ${file}: check the path.`);
  }
  const server = await openServer(context, options);
  const token = server.devToken ?? "";
  storeKey(context.env, server.url, token);
  greet(context, server.url, token);
  if (server.restate && !context.json) context.out.line(restateLine(server.restate));
  const activity = new Activity(server.engine, context.namespace, context.now(), (news) =>
    tellRun(context, news),
  );
  const worker =
    file === undefined
      ? undefined
      : new DevWorker({
          file,
          env: { ...context.env, PERDURE_URL: server.url, PERDURE_API_KEY: token },
          tell: (event) => tellWorker(context, event),
        });
  try {
    await untilInterrupted(context.interrupted);
  } finally {
    activity.stop();
    await worker?.stop();
    await server.close();
    storeKey(context.env, server.url, undefined);
  }
  if (!context.json) context.out.line(dim("Stopped. Open runs go on when you start it again."));
  context.stopped();
}

async function openServer(context: Context, options: Options): Promise<RunningServer> {
  const { startServer } = await import("@perdure/server");
  const { store = DEFAULT_STORE } = context;
  if (store === DEFAULT_STORE) prepareFolder();
  const { port } = options;
  const restate = restateFlags(options);
  return startServer({ store, dev: true, ...(port === undefined ? {} : { port }), restate });
}

/** What is kept for development is not for the repository. */
function prepareFolder(): void {
  const folder = dirname(DEFAULT_STORE.slice("sqlite:".length));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".gitignore"), "*\n");
}

function greet({ json, out, store = DEFAULT_STORE }: Context, url: string, token: string): void {
  if (json) {
    out.json({ type: "ready", url, token, store }, "line");
    return;
  }
  out.lines([
    [bold("perdure dev"), dim("  Ctrl-C stops it")],
    ["  url    ", cyan(url)],
    ["  token  ", token],
    ["  store  ", store],
    [],
  ]);
}

function tellWorker({ json, out }: Context, event: DevEvent): void {
  if (json) {
    out.json(event, "line");
    return;
  }
  switch (event.type) {
    case "output":
      out.line([dim("│ "), event.line]);
      return;
    case "serves":
      if (event.names.length > 0) out.line([green("● "), `serves ${event.names.join(", ")}`]);
      else
        out.line([yellow("● "), "the file exports no workflow, task or object: it runs as it is"]);
      return;
    case "changed":
      out.line([yellow("↻ "), `${pathFrom(process.cwd(), event.file)} has changed`]);
      return;
    case "ended":
      out.line([red("✗ "), `the worker has ended (${event.how}); the next change starts it again`]);
  }
}

function tellRun({ json, out, width }: Context, { row, outcome }: RunNews): void {
  if (json) {
    out.json({ type: "run", row, ...(outcome === undefined ? {} : { outcome }) }, "line");
    return;
  }
  const name: Text = [row.workflow, dim(` ${row.runId}`)];
  if (outcome === undefined || row.closedAt === undefined) {
    const key = row.keyKind === "workflow" ? ` (${row.key ?? ""})` : "";
    const word = row.status === "open" ? cyan("started") : statusText(row.status);
    out.line(cut([cyan("▶ "), name, key, " ", word], width));
    return;
  }
  const took = span(row.closedAt - row.startedAt);
  const mark =
    outcome.status === "completed" || outcome.status === "continued" ? green("✓ ") : red("✗ ");
  out.line([mark, name, " ", statusText(row.status), dim(` after ${took}`)]);
  const detail =
    outcome.status === "completed"
      ? preview(outcome.output)
      : outcome.status === "continued"
        ? outcome.runId
        : failureLine(outcome.failure);
  if (detail !== "") out.line(cut(["  ", detail], width));
}
