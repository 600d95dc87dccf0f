import type { OverlapPolicy } from "@perdure/kernel";
import { Option } from "commander";

const policies: Readonly<Record<OverlapPolicy, true>> = {
  skip: true,
  bufferOne: true,
  bufferAll: true,
  cancelOther: true,
  terminateOther: true,
  allowAll: true,
};

export function overlapOption(): Option {
  return new Option(
    "--overlap <policy>",
    "when a run of it is open (default: the schedule's)",
  ).choices(Object.keys(policies));
}
