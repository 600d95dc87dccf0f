/**
 * Everything in one process: Perdure on a SQLite file, the returns agent, and the job.
 *
 * It may be killed at any moment and started again with the same configuration. Then it reads the
 * same requests and starts them all: those it had started before go on where they were.
 */
import { open } from "perdure";
import { Activity } from "./clients/activity.ts";
import { returnsOf } from "./code.ts";
import { readConfig } from "./config.ts";
import { runJob } from "./job.ts";

const config = readConfig();
const activity = new Activity();
const returns = returnsOf(config, activity);
const perdure = await open({ store: config.store, workflows: [returns] });
await runJob({ perdure, returns, config, activity });
await perdure.close();
process.disconnect();
