/** The carrier: prints return labels and voids them. */
import { createService, type Act } from "./http-service.ts";
import { Ledger } from "./ledger.ts";
import { announce, listen, serviceArguments } from "./process.ts";

const createLabel: Act = (_body, number) => ({
  status: 201,
  body: { labelId: `label-${String(number).padStart(5, "0")}` },
});

const voidLabel: Act = (body) => ({ status: 200, body: { voided: body["labelId"] } });

const { ledger, seed } = serviceArguments();
const server = createService({
  name: "carrier",
  seed,
  ledger: new Ledger(ledger),
  routes: { "/labels": createLabel, "/voids": voidLabel },
});
announce({ port: await listen(server) });
