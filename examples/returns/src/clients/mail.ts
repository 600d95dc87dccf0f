/** Sends letters over SMTP. The Message-ID is made from the step's key: sent twice, delivered once. */
import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import { PermanentError } from "perdure";
import type { Letter } from "../letter.ts";
import type { Activity } from "./activity.ts";
import type { StepCall } from "./http.ts";
import { NotDoneError } from "./not-done.ts";

const CLIENT_TIMEOUT_MS = 1500;

export class Mail {
  readonly #transport: ReturnType<typeof createTransport>;
  readonly #activity: Activity;

  constructor(port: number, activity: Activity) {
    this.#activity = activity;
    this.#transport = createTransport({
      host: "127.0.0.1",
      port,
      secure: false,
      ignoreTLS: true,
      connectionTimeout: CLIENT_TIMEOUT_MS,
      greetingTimeout: CLIENT_TIMEOUT_MS,
      socketTimeout: CLIENT_TIMEOUT_MS,
    });
  }

  async send(letter: Letter, { idempotencyKey }: StepCall): Promise<void> {
    await this.#activity.during(async () => {
      try {
        await this.#transport.sendMail({
          from: "returns@shop.example.test",
          to: letter.to,
          subject: letter.subject,
          text: letter.text,
          messageId: messageIdOf(idempotencyKey),
          headers: { "X-Return-Id": letter.returnId, "X-Return-Outcome": letter.outcome },
        });
      } catch (error) {
        throw failureOf(error);
      }
    });
  }
}

/** A key may hold any character, a Message-ID may not. */
function messageIdOf(idempotencyKey: string): string {
  const digest = createHash("sha256").update(idempotencyKey).digest("hex");
  return `<${digest.slice(0, 40)}@shop.example.test>`;
}

/** RFC 5321, section 4.2.1: 4yz was not taken and may be tried again, 5yz will never be taken. */
function failureOf(error: unknown): unknown {
  const { responseCode } = error as { responseCode?: unknown };
  if (typeof responseCode !== "number" || responseCode < 400) return error;
  if (responseCode < 500) return new NotDoneError(String(error));
  return new PermanentError(String(error), { code: "mail_refused" });
}
