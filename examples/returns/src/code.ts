/** The returns agent with its services, as a configuration names them. */
import type { Activity } from "./clients/activity.ts";
import { Approver } from "./clients/approver.ts";
import { Carrier } from "./clients/carrier.ts";
import { HttpClient } from "./clients/http.ts";
import { Inventory } from "./clients/inventory.ts";
import { Mail } from "./clients/mail.ts";
import { Payments } from "./clients/payments.ts";
import type { DemoConfig } from "./config.ts";
import { returnsWorkflow } from "./workflow.ts";

export function returnsOf(config: DemoConfig, activity: Activity) {
  return returnsWorkflow(
    {
      inventory: new Inventory(config.inventory),
      carrier: new Carrier(new HttpClient(config.carrierUrl, activity)),
      payments: new Payments(new HttpClient(config.paymentUrl, activity)),
      approver: new Approver(new HttpClient(config.approverUrl, activity)),
      mail: new Mail(config.smtpPort, activity),
    },
    config.approvalTimeout,
  );
}
