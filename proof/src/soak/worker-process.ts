/** A worker of the soak, which will be killed. */
import { connect } from "perdure";
import { code } from "./definitions.ts";

const [url = "", apiKey = ""] = process.argv.slice(2);
const perdure = await connect(url, { apiKey, ...code });
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => void perdure.close().then(() => process.exit(0)));
process.send?.("ready");
