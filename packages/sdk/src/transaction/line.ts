/** One connection has one transaction at a time: those asked for meanwhile stand in line. */
const last = new WeakMap<object, Promise<unknown>>();

export function inLine<T>(connection: object, transaction: () => Promise<T>): Promise<T> {
  const mine = (last.get(connection) ?? Promise.resolve()).then(transaction);
  last.set(
    connection,
    mine.catch(() => undefined),
  );
  return mine;
}
