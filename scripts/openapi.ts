/** Writes `docs/openapi.json` from the server's route table. */
import { writeFileSync } from "node:fs";
import { apiDocument } from "@perdure/server";

const file = new URL("../docs/openapi.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(apiDocument(), null, 2)}\n`);
