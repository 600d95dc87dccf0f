/**
 * The whole story, with real processes: a server, a web app that is killed in the middle of a step and
 * restarted, a key that is rotated while runs wait, and a post office that counts letters.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api } from "./api.ts";
import { PostOffice } from "./post-office.ts";
import { Program } from "./processes.ts";

export interface Report {
  /** What each run returned. */
  readonly outputs: readonly { readonly approval: string; readonly letter: number }[];
  readonly letters: number;
  readonly requests: number;
  /** Why the run that met the dying app had to wait. */
  readonly failure: string;
  readonly keyChanged: boolean;
}

interface Endpoints {
  readonly endpoints: readonly {
    readonly isServing: boolean;
    readonly kid: string;
    readonly nextKid?: string;
  }[];
}

interface Journal {
  readonly events: readonly {
    readonly kind: string;
    readonly name?: string;
    readonly failure?: { readonly message: string };
  }[];
}

const adminKey = `pdk_${"a".repeat(16)}_${"A".repeat(43)}`;

export async function check(tell: (line: string) => void): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-web-push-"));
  const office = await PostOffice.open();
  const programs: Program[] = [];
  const start = async (file: string, env: Readonly<Record<string, string>>) => {
    const program = await Program.start(file, env);
    programs.push(program);
    return program;
  };
  try {
    const store = `sqlite:${join(folder, "perdure.db")}`;
    const server = await start("server.ts", { STORE: store, ADMIN_KEY: adminKey });
    return await story(new Api(server.url, adminKey), office, start, tell);
  } finally {
    for (const program of programs.toReversed()) await program.end("SIGTERM");
    office.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Start = (file: string, env: Readonly<Record<string, string>>) => Promise<Program>;

async function story(
  api: Api,
  office: PostOffice,
  start: Start,
  tell: (line: string) => void,
): Promise<Report> {
  // The app must have a port before the server can know it, and the key before it can be started.
  const placeholder = await start("web-app.ts", { PORT: "0", PERDURE_PUSH_KEYS: spareKey });
  const { url } = placeholder;
  const port = new URL(url).port;
  const put = { url: `${url}/perdure`, concurrency: 8 };
  const { key } = await api.call<{ readonly key: string }>("PUT", "/push-endpoints/shop", put);
  await placeholder.end("SIGTERM");
  let app = await start("web-app.ts", { PORT: port, PERDURE_PUSH_KEYS: key });
  await api.call("PUT", "/push-endpoints/shop", put);
  await api.until<Endpoints>(
    "/push-endpoints",
    ({ endpoints }) => endpoints[0]?.isServing === true,
  );
  tell("the server knows the web app");

  const runs = await Promise.all(["o-1", "o-2"].map((id) => order(api, id, office)));
  const [first = "", second = ""] = runs;
  tell("two orders wait for a person");

  office.beforeAnswer = async () => {
    office.beforeAnswer = async () => undefined;
    await app.end("SIGKILL");
  };
  await approve(api, first, "yes");
  const failed = await api.until<Journal>(`/runs/${first}/journal`, ({ events }) =>
    events.some(({ kind }) => kind === "activation.failed"),
  );
  tell("the web app was killed between sending a letter and saying so");
  app = await start("web-app.ts", { PORT: port, PERDURE_PUSH_KEYS: key });
  const outputs = [await outputOf(api, first)];

  const rotated = await api.call<{ readonly key: string }>(
    "POST",
    "/push-endpoints/shop/rotate",
    {},
  );
  await app.end("SIGTERM");
  app = await start("web-app.ts", { PORT: port, PERDURE_PUSH_KEYS: `${rotated.key} ${key}` });
  await api.call("PUT", "/push-endpoints/shop", put);
  const [before] = (await api.call<Endpoints>("GET", "/push-endpoints")).endpoints;
  await api.until<Endpoints>(
    "/push-endpoints",
    ({ endpoints }) => endpoints[0]?.nextKid === undefined,
  );
  await app.end("SIGTERM");
  await start("web-app.ts", { PORT: port, PERDURE_PUSH_KEYS: rotated.key });
  tell("the key was rotated, and the old one taken away");
  await approve(api, second, "of course");
  outputs.push(await outputOf(api, second));
  const [after] = (await api.call<Endpoints>("GET", "/push-endpoints")).endpoints;
  const failure = failed.events.find(({ kind }) => kind === "activation.failed")?.failure?.message;
  return {
    outputs,
    letters: office.ledger.size,
    requests: office.requests,
    failure: failure ?? "",
    keyChanged: after?.kid === rotated.key.split("_")[1] && before !== undefined,
  };
}

/** Good for nothing: an app does not start without a key. */
const spareKey = `pdp_spare_${"0".repeat(64)}`;

async function order(api: Api, id: string, office: PostOffice): Promise<string> {
  const input = { value: { id, customer: `${id}@customers.example`, post: office.url } };
  const body = { workflow: "confirm-order", queue: "default", input };
  const { runId } = await api.call<{ readonly runId: string }>("POST", "/runs", body);
  await api.until<Journal>(`/runs/${runId}/journal`, ({ events }) =>
    events.some(({ kind }) => kind === "wait.started"),
  );
  return runId;
}

async function approve(api: Api, runId: string, words: string): Promise<void> {
  const signal = { name: "approval", payload: { value: words } };
  await api.call("POST", `/runs/${runId}/signals`, signal);
}

async function outputOf(api: Api, runId: string): Promise<Report["outputs"][number]> {
  interface Answer {
    readonly outcome?: { readonly output?: { readonly text: string } };
  }
  const answer = await api.until<Answer>(
    `/runs/${runId}/outcome?waitMs=10000`,
    ({ outcome }) => outcome !== undefined,
  );
  const text = answer.outcome?.output?.text;
  if (text === undefined) throw new Error(`the run has failed: ${JSON.stringify(answer)}`);
  return JSON.parse(text) as Report["outputs"][number];
}
