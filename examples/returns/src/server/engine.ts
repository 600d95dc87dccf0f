/** The server's process: the engine on its SQLite file, and its doors. It has none of our code. */
import { startServer } from "@perdure/server";
import { readConfig, type ProcessMessage } from "../config.ts";
import { announce } from "../services/process.ts";

const { store, server: listener } = readConfig();
const { port, apiKey: adminKey } = listener;
const server = await startServer({ store: `sqlite:${store}`, port, adminKey });
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
announce({ type: "ready" } satisfies ProcessMessage);
