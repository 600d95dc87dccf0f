import { defaultRetry, type RetryPolicy } from "@perdure/kernel";
import type { RetryOptions } from "./workflow.ts";

/** The step's own words, then its workflow's, then the default. */
export function retryPolicy(own: RetryOptions = {}, fallback: RetryOptions = {}): RetryPolicy {
  return { ...defaultRetry, ...fallback, ...own };
}
