/** The one msgpack dialect of the wire. */
import { Packr } from "msgpackr";

/** Plain maps, no records, no references, no revival: as in the store. */
const dialect = {
  useRecords: false,
  mapsAsObjects: true,
  structuredClone: false,
  moreTypes: false,
  useToJSON: false,
  variableMapSize: true,
  int64AsType: "number" as const,
  // A payload must not pin the frame that it came in.
  copyBuffers: true,
  // An absent field stays absent. (The library's types do not know this option.)
  skipValues: [undefined],
};

export const packr: Packr = new Packr(dialect);
