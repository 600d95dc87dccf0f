/** What `connect` takes, beside the code that `open` takes too. */
import type { Duration } from "./duration.ts";
import type { CodeOptions } from "./open-options.ts";
import type { TlsOptions } from "./remote/transport.ts";

export interface ConnectOptions extends CodeOptions {
  /** `pdk_…`, or a JSON Web Token; default: `PERDURE_API_KEY` of the environment. */
  readonly apiKey?: string;
  /** The key says whose it is; where that is another namespace, `connect` refuses. */
  readonly namespace?: string;
  readonly tls?: TlsOptions;
  /** One call with all its repetitions; default: 30 s. The ends of runs are waited for without it. */
  readonly callTimeout?: Duration;
}
