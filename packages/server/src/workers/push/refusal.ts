/** What an answer with another status than 200 means. */
import type { Dispatcher } from "undici";
import { serverLimits } from "../../limits.ts";
import { placeOf, type Callee } from "./endpoint.ts";
import { PushFailure } from "./failure.ts";

const SHOWN_CHARS = 300;

export async function refusedBy(
  callee: Callee,
  answer: Dispatcher.ResponseData,
): Promise<PushFailure> {
  const { statusCode: status } = answer;
  const said = await wordsOf(answer);
  const isBusy = status === 429 || status === 503;
  // A gateway that gave up on the app (500, 502, 504, 408) does not know what the app has done.
  const mayHaveRun = !isBusy && (status >= 500 || status === 408);
  const doubt = mayHaveRun ? "; it may have acted" : "";
  const text = `${placeOf(callee)} answered ${status}${said && `: ${said}`}${adviceOn(status)}${doubt}`;
  return new PushFailure(text, {
    mayHaveRun,
    isKeyRefused: status === 401,
    ...(isBusy ? { retryAfterMs: retryAfterMs(answer.headers["retry-after"]) } : {}),
  });
}

function adviceOn(status: number): string {
  if (status === 401)
    return "; give the app the endpoint's key (perdure push rotate makes a new one)";
  if (status === 404) return "; no push handler is served at this URL";
  if (status >= 300 && status < 400)
    return "; redirects are not followed: put the address it leads to";
  return "";
}

/** The header in seconds; a date is not worth a clock here. */
function retryAfterMs(header: string | readonly string[] | undefined): number {
  const seconds = typeof header === "string" && /^\d{1,9}$/.test(header) ? Number(header) : 1;
  return Math.min(seconds * 1_000, serverLimits.pushRetryAfterMs);
}

/** What the app says, in one short line: it is a stranger's text. */
async function wordsOf({ body }: Dispatcher.ResponseData): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      if (text.length > 4_096) break;
    }
  } catch {
    // The status says enough.
  }
  const message =
    /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? (text.startsWith("<") ? "" : text);
  return message
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, SHOWN_CHARS);
}
