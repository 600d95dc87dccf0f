/**
 * Restate's admin API. Who asks is known before a request comes here, and so is what they may do:
 * the server looks at both, by `adminOperationOf`.
 *
 * A1  Everything is done and seen within the caller's namespace. What reaches further (keys, the
 *     registry) is never asked about another one.
 * A2  Errors leave in Restate's shape; of what is no error of ours the text stays here.
 */
import { Hono } from "hono";
import { aboutRoutes } from "./about-routes.ts";
import { refusal, Refused, told } from "./answers.ts";
import { deploymentRoutes } from "./deployment-routes.ts";
import { invocationRoutes } from "./invocation-routes.ts";
import { elsewhereRoutes } from "./elsewhere-routes.ts";
import { ADMIN_API, type AdminCaller, type AdminEnv, type AdminParts } from "./parts.ts";
import { queryRoutes } from "./query-routes.ts";
import { serdeRoutes } from "./serde-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { SqlRunner } from "./sql/sql-runner.ts";

export interface Admin {
  (request: Request, caller: AdminCaller): Promise<Response>;
  /** Ends the process that answers queries. */
  close(): void;
}

export function createAdmin(parts: AdminParts): Admin {
  const runner = new SqlRunner(parts.env);
  const api = new Hono<AdminEnv>();
  aboutRoutes(api);
  deploymentRoutes(api);
  serviceRoutes(api);
  invocationRoutes(api);
  queryRoutes(api, runner);
  serdeRoutes(api);
  elsewhereRoutes(api);
  const app = new Hono<AdminEnv>();
  for (let version = ADMIN_API.min; version <= ADMIN_API.max; version++)
    app.route(`/v${version}`, api);
  app.route("/", api);
  app.notFound(({ req }) =>
    told(`There is nothing at ${req.method} ${req.path.slice(0, 200)}.`, 404),
  );
  app.onError((error) => {
    if (error instanceof Refused) return told(error.message, error.status);
    const answer = refusal(error);
    if (answer.status === 500) parts.env.log("error", "the admin API failed", { error });
    return answer;
  });
  const answer = async (request: Request, caller: AdminCaller): Promise<Response> => {
    const catalog = parts.registry.catalog(caller.namespace);
    return app.fetch(request, { desk: { ...parts, ...caller, catalog } });
  };
  return Object.assign(answer, { close: () => runner.close() });
}

export type AdminOperation =
  | "admin.read"
  | "admin.query"
  | "admin.deployments"
  | "admin.services"
  | "admin.invocations";

/** What a request is about, for whoever decides who may. */
export function adminOperationOf(method: string, path: string): AdminOperation {
  const [first = ""] = path
    .replace(/^\/v\d+(?=\/)/, "")
    .split("/")
    .filter(Boolean);
  if (first === "query" || first === "internal") return "admin.query";
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "admin.read";
  if (first === "deployments") return "admin.deployments";
  return first === "invocations" ? "admin.invocations" : "admin.services";
}
