/** The keys that operations of an invocation have in its journal: `<type>:<ids>[:<name>]`. */

const TYPES = {
  run: 1,
  began: 1,
  sleep: 1,
  call: 2,
  send: 1,
  eager: 1,
  eagerKeys: 1,
  lazy: 1,
  lazyKeys: 1,
  promise: 1,
  peek: 1,
  settle: 1,
  attach: 1,
  output: 1,
  signal: 1,
  awakeable: 1,
  "signal-wait": 1,
} as const;

type Type = keyof typeof TYPES;

export interface Operation {
  /** `other`: whoever wrote it speaks no protocol of Restate's. */
  readonly type: Type | "other";
  readonly id?: number;
  /** A call has one for its id and one for its result. */
  readonly second?: number;
  readonly name: string;
}

export function operationIn(key: string): Operation {
  const [type = "", ...rest] = key.split(":");
  if (!isType(type)) return { type: "other", name: key };
  const ids = rest.slice(0, TYPES[type]).map(Number);
  const name = decoded(rest.slice(TYPES[type]).join(":"));
  const [id, second] = ids;
  return {
    type,
    ...(id === undefined ? {} : { id }),
    ...(second === undefined ? {} : { second }),
    name,
  };
}

function isType(type: string): type is Type {
  return Object.hasOwn(TYPES, type);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
