/** What a customer sends to give something back. Strict: an unknown field is a mistake, not noise. */
import { z } from "zod";

const wellFormed = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");

const text = (max: number) =>
  z.string().min(1).max(max).refine(wellFormed, { error: "holds bytes that are not text" });

export const ReturnRequest = z
  .strictObject({
    id: z.string().regex(/^ret-\d{4}$/, { error: "must look like ret-0042" }),
    orderId: z.string().regex(/^ord-\d{5}$/, { error: "must look like ord-00042" }),
    customer: z.email().max(200),
    sku: z.string().regex(/^[A-Z]+-[A-Z0-9]+$/, { error: "must look like LAMP-01" }),
    quantity: z.int().min(1).max(10),
    /** In the smallest unit of the currency. */
    amountCents: z.int().min(1).max(5_000_000),
    currency: z.enum(["EUR", "USD", "GBP", "CHF"]),
    paymentId: z.string().regex(/^pay-[a-z0-9-]{4,40}$/, { error: "must look like pay-0042" }),
    purchasedOn: z.iso.date(),
    requestedOn: z.iso.date(),
    reason: text(300),
  })
  .refine((r) => r.purchasedOn <= r.requestedOn, {
    path: ["requestedOn"],
    error: "lies before the purchase",
  });

export type ReturnRequest = z.infer<typeof ReturnRequest>;
