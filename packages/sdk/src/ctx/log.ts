/** Where messages for people go. In a workflow it is silent while the run is replayed. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** One call a message; `open({ log })` takes such a function. */
export type LogSink = (level: keyof Log, message: string, fields?: Record<string, unknown>) => void;

/** A log over a sink that adds `fields` and speaks only while `speaks` says so. */
export function logOver(
  sink: LogSink,
  fields: Readonly<Record<string, unknown>>,
  speaks: () => boolean = () => true,
): Log {
  const at = (level: keyof Log) => (message: string, more?: Record<string, unknown>) => {
    if (speaks()) sink(level, message, { ...fields, ...more });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
