/**
 * The user's file as a worker; started by `perdure dev`, and again after every change. What it exports
 * is served. A file that connects by itself finds the server in `PERDURE_URL` and `PERDURE_API_KEY`.
 *
 * What the file throws is not caught: Node shows the place better than anybody.
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { connect, type Perdure } from "perdure";
import { loadUserFile } from "../user-code/definitions.ts";

/** What the parent hears. */
export type WorkerWord =
  /** A file that was loaded, and is to be watched. */
  | { readonly type: "loads"; readonly file: string }
  | { readonly type: "serves"; readonly names: readonly string[] };

const say = (word: WorkerWord): void => void process.send?.(word);

registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:") && !url.includes("/node_modules/")) {
      say({ type: "loads", file: fileURLToPath(url) });
    }
    return next(url, context);
  },
});

let perdure: Perdure | undefined;
const leave = async (): Promise<void> => {
  await perdure?.close();
  process.exit(0);
};
process.on("SIGTERM", () => void leave());
// A terminal sends Ctrl-C to the parent, too, which says when to leave.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => void leave());

const [file = ""] = process.argv.slice(2);
const user = await loadUserFile(file);
const definitions = [...user.workflows, ...user.tasks, ...user.objects];
if (definitions.length > 0) perdure = await connect(user);
say({ type: "serves", names: definitions.map(({ name }) => name) });
