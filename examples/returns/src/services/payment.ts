/** The payment provider: pays money back. A payment whose account is closed is declined for good. */
import { createService, type Act } from "./http-service.ts";
import { Ledger } from "./ledger.ts";
import { announce, listen, serviceArguments } from "./process.ts";

/** As with the test cards of real providers, the number says how the payment will behave. */
const isClosed = (paymentId: unknown): boolean => String(paymentId).endsWith("-closed");

const refund: Act = (body, number) =>
  isClosed(body["paymentId"])
    ? { status: 402, body: { error: "the account is closed", code: "account_closed" } }
    : { status: 201, body: { refundId: `refund-${String(number).padStart(5, "0")}` } };

const { ledger, seed } = serviceArguments();
const server = createService({
  name: "payment",
  seed,
  ledger: new Ledger(ledger),
  routes: { "/refunds": refund },
});
announce({ port: await listen(server) });
