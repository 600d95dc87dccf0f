import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export const storeFile = (folder: string): string => join(folder, "bench.db");

/** All that is in the folder: the database and its log. */
export async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
