/** File and line of the user's code, as a person writes them: from the folder one stands in. */
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceOf } from "../../runtime/mismatch.ts";

export function placeOf(stack: Error): string | undefined {
  const frame = sourceOf(stack);
  return frame === undefined ? undefined : placeIn(frame);
}

/** `Object.run (file:///home/ada/shop/order.ts:7:28)` is `shop/order.ts:7:28` to whoever is at home. */
export function placeIn(frame: string, folder: string = process.cwd()): string {
  const place = /\((.*:\d+:\d+)\)$/.exec(frame)?.[1] ?? frame.replace(/^async /, "");
  const path = place.startsWith("file:") ? pathOf(place) : place;
  if (!isAbsolute(path)) return path;
  const near = relative(folder, path);
  return near.startsWith("..") || isAbsolute(near) ? path : near;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
