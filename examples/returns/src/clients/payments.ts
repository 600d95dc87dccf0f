import { z } from "zod";
import type { ReturnRequest } from "../request.ts";
import type { HttpClient, StepCall } from "./http.ts";

const Refund = z.object({ refundId: z.string() });
export type Refund = z.infer<typeof Refund>;

export class Payments {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async refund(request: ReturnRequest, step: StepCall): Promise<Refund> {
    const { id: returnId, paymentId, amountCents, currency } = request;
    const body = { returnId, paymentId, amountCents, currency };
    return Refund.parse(await this.#http.post("/refunds", body, step));
  }
}
