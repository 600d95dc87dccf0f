import type { ReturnRequest } from "../request.ts";
import type { HttpClient, StepCall } from "./http.ts";

/** Where people are asked. They answer later, at the engine's own door: see approval-desk.ts. */
export class Approver {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async ask({ id, amountCents, currency, reason }: ReturnRequest, step: StepCall): Promise<void> {
    await this.#http.post("/asks", { returnId: id, amountCents, currency, reason }, step);
  }
}
