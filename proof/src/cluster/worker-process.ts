/** A worker of the cluster, which will be killed. */
import { connect } from "perdure";
import { code as everyday } from "../soak/definitions.ts";
import { shiftClock } from "./clock.ts";
import { code } from "./definitions.ts";

const [url = "", apiKey = "", clockMs = "0"] = process.argv.slice(2);
shiftClock(Number(clockMs));
process.once("disconnect", () => process.exit(0));

const perdure = await connect(url, {
  apiKey,
  workflows: [...everyday.workflows, ...code.workflows],
  tasks: everyday.tasks,
  objects: [...everyday.objects, ...code.objects],
});
process.once("SIGTERM", () => void perdure.close().then(() => process.exit(0)));
process.send?.("ready");
