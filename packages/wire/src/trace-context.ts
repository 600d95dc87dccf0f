/** W3C Trace Context, level 1: the two fields that make one trace of many processes' spans. */

export interface TraceContext {
  /** 32 and 16 hexadecimal digits, neither of them all zeros. */
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly state?: string;
}

type Headers = Readonly<Record<string, string | undefined>>;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const STATE_CHARS = 512;

/** Undefined: there is none, or not a valid one, and whoever traces begins anew (section 3.2.2). */
export function traceContextOf(headers: Headers = {}): TraceContext | undefined {
  const found = TRACEPARENT.exec(headers["traceparent"] ?? "");
  if (!found) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", more] = found;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = headers["tracestate"];
  const hasState = state !== undefined && state !== "" && state.length <= STATE_CHARS;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), ...(hasState ? { state } : {}) };
}

export function traceHeaders(context: TraceContext | undefined): Record<string, string> {
  if (!context) return {};
  const { traceId, spanId, flags, state } = context;
  const traceparent = `00-${traceId}-${spanId}-${(flags & 0xff).toString(16).padStart(2, "0")}`;
  return { traceparent, ...(state === undefined ? {} : { tracestate: state }) };
}

/** The context is added where nobody has given one. */
export function withTrace(
  headers: Readonly<Record<string, string>> | undefined,
  trace: Readonly<Record<string, string>>,
): { readonly headers?: Readonly<Record<string, string>> } {
  const isGiven = headers?.["traceparent"] !== undefined || trace["traceparent"] === undefined;
  if (!isGiven) return { headers: { ...headers, ...trace } };
  return headers === undefined ? {} : { headers };
}
