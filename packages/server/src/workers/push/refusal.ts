/** What an answer with another status than 200 means. */
import { serverLimits } from "../../limits.ts";
import { placeOf, type Callee } from "./endpoint.ts";
import { PushFailure } from "./failure.ts";
import type { PostAnswer } from "./outbound/post.ts";

const SHOWN_CHARS = 300;

export async function refusedBy(callee: Callee, answer: PostAnswer): Promise<PushFailure> {
  const { status } = answer;
  const told = await textOf(answer);
  const said = wordsIn(told);
  const isBusy = status === 429 || status === 503;
  // Something on the way sent the request twice, and the app has the other copy.
  const isReplayed = status === 401 && /"reason":"replayed"/.test(told);
  // A gateway that gave up on the app (500, 502, 504, 408) does not know what the app has done.
  const mayHaveRun = isReplayed || (!isBusy && (status >= 500 || status === 408));
  const doubt = mayHaveRun ? "; it may have acted" : "";
  const text = `${placeOf(callee)} answered ${status}${said && `: ${said}`}${isReplayed ? "" : adviceOn(status)}${doubt}`;
  return new PushFailure(text, {
    mayHaveRun,
    isKeyRefused: status === 401 && !isReplayed,
    ...(isBusy ? { retryAfterMs: retryAfterMs(answer.header("retry-after")) } : {}),
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
function retryAfterMs(header: string | undefined): number {
  const seconds = header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : 1;
  return Math.min(seconds * 1_000, serverLimits.pushRetryAfterMs);
}

/** As much as is looked at. */
async function textOf({ body }: PostAnswer): Promise<string> {
  let text = "";
  try {
    for await (const piece of body.pieces()) {
      text += new TextDecoder().decode(piece);
      if (text.length > 4_096) break;
    }
  } catch {
    // The status says enough.
  }
  body.destroy();
  return text;
}

/** What the app says, in one short line: it is a stranger's text. */
function wordsIn(text: string): string {
  const message =
    /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? (text.startsWith("<") ? "" : text);
  return message
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, SHOWN_CHARS);
}
