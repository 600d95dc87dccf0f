/** When a schedule is due, in a few words. */
import type { CalendarSpec, ScheduleSpec } from "@perdure/kernel";
import { span } from "../terminal/time.ts";

export function timesText({ when }: ScheduleSpec): string {
  return when.map(textOf).join(", ");
}

function textOf(spec: CalendarSpec): string {
  switch (spec.type) {
    case "cron":
      return `${spec.expression}${zone(spec.timeZone)}`;
    case "interval":
      return `every ${span(spec.everyMs)}`;
    case "calendar":
      return `${JSON.stringify(spec.fields)}${zone(spec.timeZone)}`;
  }
}

function zone(timeZone: string): string {
  return timeZone === "UTC" ? "" : ` ${timeZone}`;
}
