/** A payload in a few characters. */
import type { Failure, Payload } from "@perdure/kernel";
import { payloadToJson } from "@perdure/wire";

/** JSON as one line; anything else as its encoding and size. `undefined` leaves no bytes. */
export function preview(payload: Payload | undefined): string {
  if (payload === undefined || payload.data.length === 0) return "";
  const json = payloadToJson(payload);
  if ("text" in json) return json.text.replaceAll(/\s*\n\s*/g, " ");
  return `<${payload.encoding}, ${bytes(payload.data.length)}>`;
}

export function failureLine({ code, message }: Failure): string {
  return `${code}: ${message.split("\n")[0] ?? ""}`;
}

/** `512 B`, `1.5 KiB`, `4 MiB`. */
export function bytes(count: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log2(count) / 10));
  return `${Number((count / 1024 ** power).toFixed(1))} ${names[power] ?? ""}`;
}
