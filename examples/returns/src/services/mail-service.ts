/**
 * A mail server that speaks SMTP and keeps what it takes in its ledger.
 *
 * SMTP has no idempotency keys. Like the duplicate filters of real mail servers, this one delivers
 * a Message-ID once; so a sender that derives the Message-ID from its key may send twice.
 */
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { setTimeout as delay } from "node:timers/promises";
import { HANG_MS, planFor } from "./faults.ts";
import type { Call, Ledger } from "./ledger.ts";

const MESSAGE_LIMIT_BYTES = 65_536;

export interface MailServiceOptions {
  readonly seed: string;
  readonly ledger: Ledger;
}

export function createMailService(options: MailServiceOptions): SMTPServer {
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    size: MESSAGE_LIMIT_BYTES,
    logger: false,
    onData(stream, session, callback) {
      receive(options, stream, session).then(
        (answered) => (answered ? callback() : cut(server, session)),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  // A sender that is killed resets its connection; that is not this server's failure.
  server.on("error", () => {});
  return server;
}

/** What the sender is told with an SMTP code of its own. */
class Refused extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/** Takes one message; answers false to cut the connection. */
async function receive(
  { seed, ledger }: MailServiceOptions,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<boolean> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  if (stream.sizeExceeded) throw new Refused(552, "message too large");
  const recipients = session.envelope.rcptTo.map((recipient) => recipient.address);
  const call = callOf(headersOf(Buffer.concat(chunks).toString("utf8")), recipients);

  const { callNumber, earlier } = ledger.arrived(call);
  const { fault, latencyMs } = planFor(seed, "mail", call.returnId, earlier);
  await delay(latencyMs);
  if (fault.kind === "unavailable") throw new Refused(451, "try again later");
  if (fault.kind === "throttled") throw new Refused(450, "too many messages");
  const answer = ledger.once(callNumber, call, () => ({ status: 250, body: {} }));
  if (answer.status !== 250) throw new Refused(554, "this Message-ID was used for another message");
  if (fault.kind === "hang-after") await delay(HANG_MS, undefined, { ref: false });
  return fault.kind === "none";
}

/** The message as a call: of it, what a second try does not change. Its Date is another. */
function callOf(headers: ReadonlyMap<string, string>, recipients: readonly string[]): Call {
  const key = headers.get("message-id");
  const returnId = headers.get("x-return-id");
  if (key === undefined || returnId === undefined) {
    throw new Refused(554, "needs a Message-ID and an X-Return-Id");
  }
  const outcome = headers.get("x-return-outcome");
  const body = { returnId, to: recipients, outcome, subject: headers.get("subject") };
  return { key, route: "mail", returnId, body: JSON.stringify(body) };
}

/** Header fields by lower-case name, folded lines joined (RFC 5322, section 2.2.3). */
function headersOf(message: string): Map<string, string> {
  const end = message.indexOf("\r\n\r\n");
  const head = message.slice(0, end === -1 ? undefined : end);
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
}

function cut(server: SMTPServer, session: SMTPServerSession): void {
  for (const connection of server.connections) {
    if (connection.id === session.id) connection._socket.destroy();
  }
}
