/** A run's status in the colour of how much it should worry. */
import type { RunStatus } from "@perdure/kernel";
import type { Style, Text } from "../terminal/text.ts";
import { styled } from "../terminal/text.ts";

const styles: Readonly<Record<RunStatus, Style>> = {
  open: "cyan",
  paused: "yellow",
  completed: "green",
  failed: "red",
  cancelled: "yellow",
  terminated: "red",
  timedOut: "red",
  continued: "dim",
};

export function statusText(status: RunStatus): Text {
  return styled(styles[status], status);
}
