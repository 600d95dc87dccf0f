/** Any number of starts, in calls as large as an engine takes. */
import { startBytes, type EngineClient, type Started, type StartItem } from "@perdure/engine";
import { limits, PerdureError, type ErrorData } from "@perdure/kernel";

/** A start, or why it cannot be one. */
export type Prepared = StartItem | PerdureError;

/**
 * What became of each, in their order. Rejects only while nothing has been started: when a later call
 * fails as a whole, its error is what became of all that were not started yet.
 */
export async function startAll(
  engine: EngineClient,
  namespace: string,
  prepared: readonly Prepared[],
): Promise<readonly (Started | PerdureError)[]> {
  const results: (Started | PerdureError)[] = [];
  for (const page of pagesOf(prepared)) {
    const items = page.flatMap((one) => (one instanceof PerdureError ? [] : [one]));
    try {
      const answers = (await engine.startMany(namespace, items)).values();
      for (const one of page) {
        results.push(one instanceof PerdureError ? one : resultOf(answers.next().value));
      }
    } catch (error) {
      if (results.length === 0 || !(error instanceof PerdureError)) throw error;
      for (const one of prepared.slice(results.length)) {
        results.push(one instanceof PerdureError ? one : error);
      }
      return results;
    }
  }
  return results;
}

function* pagesOf(prepared: readonly Prepared[]): Generator<readonly Prepared[]> {
  let page: Prepared[] = [];
  let bytes = 0;
  for (const one of prepared) {
    const more = one instanceof PerdureError ? 0 : startBytes(one);
    const isFull = page.length === limits.startManyRuns || bytes + more > limits.startManyBytes;
    if (isFull && page.length > 0) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(one);
    bytes += more;
  }
  if (page.length > 0) yield page;
}

function resultOf(
  answer: Started | { readonly error: ErrorData } | undefined,
): Started | PerdureError {
  if (answer === undefined) {
    return new PerdureError("internal", "the engine did not say what became of this start");
  }
  if (!("error" in answer)) return answer;
  const { code, message, detail } = answer.error;
  return new PerdureError(code, message, detail === undefined ? {} : { detail });
}
