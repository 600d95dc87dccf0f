/** msgpack bent out of shape: in its values, and in its bytes. */
import type { Json } from "@perdure/kernel";
import { Packr } from "msgpackr";
import { mutateBytes } from "./mutate-bytes.ts";
import { mutateJson } from "./mutate-json.ts";
import type { Random } from "./random.ts";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: false });

export function mutatePacked(random: Random, bytes: Uint8Array): Uint8Array {
  const value = packr.unpack(new Uint8Array(bytes)) as Json;
  const bent = new Uint8Array(packr.pack(mutateJson(random, value)));
  return random.chance(0.3) ? mutateBytes(random, bent) : bent;
}
