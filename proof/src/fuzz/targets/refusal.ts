/** What a refusal over the API has to be, whichever way it came. */
import { errorFromJson, httpStatus, parseJson } from "@perdure/wire";
import type { Verdict } from "../target.ts";

/** Throws when it is not one: no error of ours, another status than its code's, a fault, or a leak. */
export function refusedAs(status: number, body: string): Verdict {
  const error = errorFromJson(parseJson(body, "the answer"));
  if (error === undefined) throw new Error(`status ${status} without an error: ${body}`);
  if (httpStatus[error.code] !== status) {
    throw new Error(`status ${status} with the code ${error.code}`);
  }
  if (status === 500) throw new Error(`the server says it is its own fault: ${body}`);
  if (/\bat \S+ \(|node_modules|\.ts:\d|SQLITE/.test(body)) throw new Error(`it leaks: ${body}`);
  return { type: "refused", code: error.code };
}
