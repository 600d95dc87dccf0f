/** The returns agent, from the request to the letter that tells the customer how it ended. */
import { workflow, type StepContext } from "perdure";
import { z } from "zod";
import type { Approver } from "./clients/approver.ts";
import type { Carrier } from "./clients/carrier.ts";
import type { Inventory } from "./clients/inventory.ts";
import type { Mail } from "./clients/mail.ts";
import type { Payments, Refund } from "./clients/payments.ts";
import { letter, type Outcome } from "./letter.ts";
import { needsApproval, refusalOf } from "./policy.ts";
import { ReturnRequest } from "./request.ts";

export interface Services {
  readonly inventory: Inventory;
  readonly carrier: Carrier;
  readonly payments: Payments;
  readonly approver: Approver;
  readonly mail: Mail;
}

export const Approval = z.strictObject({
  decision: z.enum(["approve", "deny"]),
  by: z.string().max(80),
});

export function returnsWorkflow(services: Services, approvalTimeout: string) {
  const { inventory, carrier, payments, approver, mail } = services;
  const definition = {
    name: "returns",
    input: ReturnRequest,
    signals: { approval: Approval },
    // No limit on attempts: whoever is down comes back. Only a `PermanentError` ends a step.
    retry: { initialMs: 100, factor: 2, maxIntervalMs: 2000 },
  };

  return workflow(definition, async (ctx, request) => {
    const end = async <O extends Outcome>(outcome: O, detail: string) => {
      await ctx.step("mail", (step) => mail.send(letter(request, outcome, detail), step), {
        // A letter that nobody takes waits for a person: it must not undo what was paid.
        retry: { onExhausted: "pause" },
      });
      return { outcome, detail };
    };

    const refusal = await ctx.step("validate", () => refusalOf(request));
    if (refusal !== null) return end("rejected", refusal);

    const item = await ctx.step("check-inventory", () => inventory.find(request.sku));
    if (item === null) return end("rejected", `we never sold ${request.sku}`);
    if (!item.returnable) return end("rejected", `${item.title} cannot be returned`);

    const createLabel = (step: StepContext) => carrier.createLabel(request, item, step);
    const label = await ctx.step("create-label", createLabel, {
      undo: (made, step) => carrier.voidLabel(request, made, step),
    });

    if (needsApproval(request)) {
      await ctx.step("ask-approver", (step) => approver.ask(request, step));
      const answer = await ctx.waitFor("approval", { timeout: approvalTimeout, onTimeout: null });
      if (answer?.decision !== "approve") {
        await ctx.step("void-label", (step) => carrier.voidLabel(request, label, step));
        return answer
          ? end("denied", `by ${answer.by}`)
          : end("expired", `after ${approvalTimeout}`);
      }
    }

    let refund: Refund;
    try {
      refund = await ctx.step("refund", (step) => payments.refund(request, step));
    } catch (error) {
      // The customer hears of it; the run fails, and failing undoes the label.
      await end("compensated", "the payment provider declined");
      throw error;
    }
    return end("refunded", refund.refundId);
  });
}
