import { z } from "zod";
import type { Item } from "../catalogue.ts";
import type { ReturnRequest } from "../request.ts";
import type { HttpClient, StepCall } from "./http.ts";

const Label = z.object({ labelId: z.string() });
export type Label = z.infer<typeof Label>;

export class Carrier {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  async createLabel(request: ReturnRequest, item: Item, step: StepCall): Promise<Label> {
    const parcel = { returnId: request.id, to: item.warehouse, pieces: request.quantity };
    return Label.parse(await this.#http.post("/labels", parcel, step));
  }

  async voidLabel(request: ReturnRequest, { labelId }: Label, step: StepCall): Promise<void> {
    await this.#http.post("/voids", { returnId: request.id, labelId }, step);
  }
}
