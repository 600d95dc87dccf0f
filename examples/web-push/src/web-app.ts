/** The web app: a page of its own, and one route for the Perdure server. `PORT` and `PERDURE_PUSH_KEYS`. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { forHono, pushHandler } from "perdure/push";
import { confirmOrder } from "./order.ts";

const keys = process.env["PERDURE_PUSH_KEYS"] ?? "";
const push = pushHandler({ workflows: [confirmOrder], keys, version: "1" });

const app = new Hono();
app.get("/", (context) => context.text("The shop is open.\n"));
app.on(["GET", "POST"], "/perdure", forHono(push));

const port = Number(process.env["PORT"] ?? 3000);
serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }));
});
