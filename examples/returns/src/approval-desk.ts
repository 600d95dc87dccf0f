/** Where people answer: POST /approvals/ret-0042 with {"decision":"approve","by":"…"}. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { Approval } from "./workflow.ts";
import type { z } from "zod";

const BODY_LIMIT_CHARS = 4096;
const PATH = /^\/approvals\/(ret-\d{4})$/;

/** Hands the answer to the run. Resolves when it is on disk: `closed` when the run has ended. */
export type Deliver = (
  returnId: string,
  answer: z.infer<typeof Approval>,
) => Promise<"taken" | "closed">;

export function createApprovalDesk(deliver: Deliver): Server {
  return createServer((request, response) => {
    handle(request, deliver).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.writeHead(503).end(String(error)),
    );
  });
}

async function handle(request: IncomingMessage, deliver: Deliver): Promise<number> {
  const returnId = PATH.exec(request.url ?? "")?.[1];
  if (request.method !== "POST" || returnId === undefined) return 404;
  const answer = Approval.safeParse(await bodyOf(request));
  if (!answer.success) return 400;
  return (await deliver(returnId, answer.data)) === "taken" ? 202 : 409;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > BODY_LIMIT_CHARS) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
