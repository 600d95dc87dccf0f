/** A program: a server, a worker and a run, under `--disallow-code-generation-from-strings`. */
import { Rig } from "./rig.test-support.ts";

const rig = await Rig.open();
const runId = await rig.start("echo");
const query = { waitMs: "10000" };
const { body } = await rig.call("runs.outcome", { params: { runId }, query });
process.stdout.write(body.outcome.status);
await rig.server.close();
