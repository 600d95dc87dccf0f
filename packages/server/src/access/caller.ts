/** Who asks, as authentication found it. */
import type { Role } from "./roles.ts";

export interface Caller {
  /** The wall: everything this request reads and writes is behind it. */
  readonly namespace: string;
  readonly role: Role;
  /** Of the credential: what rates and connections are counted by. */
  readonly id: string;
  /** Written beside what this caller asks for: `key:4f…`, `jwt:user-7`. */
  readonly by: string;
  /** May name another namespace per request; only an admin of the whole server. */
  readonly anyNamespace: boolean;
}
