/** The driver's process: it starts returns and waits for them, and has none of their code to run. */
import { connect } from "perdure";
import { Activity } from "../clients/activity.ts";
import { returnsOf } from "../code.ts";
import { readConfig, urlOf } from "../config.ts";
import { runJob } from "../job.ts";

const config = readConfig();
const perdure = await connect(urlOf(config), { apiKey: config.apiKey });
await runJob({ perdure, returns: returnsOf(config, new Activity()), config });
await perdure.close();
process.disconnect();
