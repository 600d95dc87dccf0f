/** The functions that the guard watches, and their replacement while it is on. */

type Caught = (what: string, instead: string) => void;

let installed = 0;
let restore: (() => void) | undefined;

/** The first guard replaces the functions, the last one puts them back. */
export function install(caught: Caught): () => void {
  if (installed === 0) restore = replaceAll(caught);
  installed += 1;
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    installed -= 1;
    if (installed === 0) restore?.();
  };
}

function replaceAll(caught: Caught): () => void {
  const inStep = "ctx.step(name, fn), and do it in fn";
  const undo = [
    replaceDate(caught),
    replace(Date, "now", "Date.now()", "ctx.now()", caught),
    replace(Math, "random", "Math.random()", "ctx.random()", caught),
    replace(crypto, "randomUUID", "crypto.randomUUID()", "ctx.uuid()", caught),
    replace(globalThis, "fetch", "fetch()", inStep, caught),
    replace(globalThis, "setTimeout", "setTimeout()", "ctx.sleep(duration)", caught),
    replace(globalThis, "setInterval", "setInterval()", "a loop with ctx.sleep(duration)", caught),
  ];
  return () => {
    for (const one of undo.toReversed()) one();
  };
}

function replace<T extends object>(
  owner: T,
  name: keyof T & string,
  what: string,
  instead: string,
  caught: Caught,
): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  const call = owner[name] as (...args: unknown[]) => unknown;
  const guarded = function guarded(this: unknown, ...args: unknown[]): unknown {
    caught(what, instead);
    return Reflect.apply(call, this, args);
  };
  // `setTimeout` has a promisified form among its properties; it stays what it was.
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(call));
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
  return () => {
    if (original) Object.defineProperty(owner, name, original);
    else Reflect.deleteProperty(owner, name);
  };
}

/** `new Date()` reads the clock; `new Date(value)` does not. */
function replaceDate(caught: Caught): () => void {
  const original = globalThis.Date;
  const what = "new Date()";
  const instead = "new Date(ctx.now())";
  globalThis.Date = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) caught(what, instead);
      return Reflect.construct(target, args, newTarget) as Date;
    },
    apply(target, self, args) {
      caught("Date()", instead);
      return String(Reflect.apply(target, self, args));
    },
  });
  return () => {
    globalThis.Date = original;
  };
}
