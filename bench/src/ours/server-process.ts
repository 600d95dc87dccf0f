/** A server's process, as `perdure start --insecure` is one; without the bounds on requests. */
import { startServer } from "@perdure/server";
import { unbounded } from "./unbounded.ts";

const [file = ""] = process.argv.slice(2);
const server = await startServer({ store: `sqlite:${file}`, ...unbounded });
process.on("message", () => {
  void server.close().then(() => process.disconnect());
});
process.send?.(server.url);
