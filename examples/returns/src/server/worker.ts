/** A worker's process: the returns agent, for whatever the server has to do. */
import { connect } from "perdure";
import { Activity } from "../clients/activity.ts";
import { returnsOf } from "../code.ts";
import { readConfig, urlOf, type ProcessMessage } from "../config.ts";
import { reportProgress } from "../job.ts";
import { announce } from "../services/process.ts";

const config = readConfig();
const activity = new Activity();
const workflows = [returnsOf(config, activity)];
const perdure = await connect(urlOf(config), { apiKey: config.apiKey, workflows });
reportProgress(() => {
  const { inFlight, finished } = activity;
  return { total: 0, closed: 0, inFlight, finished };
});
process.once("SIGTERM", () => void perdure.close().then(() => process.exit(0)));
announce({ type: "ready" } satisfies ProcessMessage);
