/** The Perdure server; an operator would run `perdure start`. `STORE`, `ADMIN_KEY`. */
import { startServer } from "@perdure/server";

const server = await startServer({
  store: process.env["STORE"] ?? "memory:",
  port: 0,
  adminKey: process.env["ADMIN_KEY"] ?? "",
  // The web app is on this machine: a server would not call that address otherwise.
  push: { allow: ["127.0.0.1"] },
});
console.log(JSON.stringify({ url: server.url }));
process.on("SIGTERM", () => void server.close());
