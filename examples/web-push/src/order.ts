/** An order is confirmed by a person; then the customer gets one letter, whatever dies meanwhile. */
import { workflow } from "perdure";

export interface Order {
  readonly id: string;
  readonly customer: string;
  /** Where letters are sent from. */
  readonly post: string;
}

interface Letter {
  readonly number: number;
  /** This key had brought a letter before. */
  readonly wasKnown: boolean;
}

export const confirmOrder = workflow({ name: "confirm-order" }, async (ctx, order: Order) => {
  const stock = await ctx.step("reserve", () => `shelf-${order.id.length}`);
  const approval = await ctx.waitFor("approval", { timeout: "2d" });
  const letter = await ctx.step("letter", async ({ idempotencyKey, signal }): Promise<Letter> => {
    const answer = await fetch(`${order.post}/letters`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      body: JSON.stringify({ to: order.customer, text: `Your order ${order.id} is confirmed.` }),
      signal,
    });
    if (!answer.ok) throw new Error(`the post office answered ${answer.status}`);
    return (await answer.json()) as Letter;
  });
  return { stock, approval, letter: letter.number };
});
