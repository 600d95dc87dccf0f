/** Where a store is: an address of PostgreSQL, with the store's own options among its parameters. */
import { PerdureError } from "@perdure/kernel";
import { postgresLimits } from "./limits.ts";
import type { PostgresOptions } from "./options.ts";

export interface Address {
  /** For the driver: the address without the store's own parameters. */
  readonly connectionString: string;
  /** For people: without name and password. */
  readonly shown: string;
  readonly options: PostgresOptions & Required<Pick<PostgresOptions, "schema" | "connections">>;
}

/** `postgres://me@/app?host=/run/postgresql`: a socket, which is no address to `URL` as it is. */
const noHost = /^(postgres(?:ql)?:\/\/[^@/]*@)\//;
const NO_HOST = "socket";
const DEFAULT_SCHEMA = "perdure";
const own = ["schema", "partitions", "connections", "prepare", "transaction", "application_name"];

/** Options given beside the address win over its parameters. */
export function parseAddress(address: string, given: PostgresOptions = {}): Address {
  const url = URL.parse(address.replace(noHost, `$1${NO_HOST}/`));
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw refused("The address of a PostgreSQL store is postgres://user:password@host:5432/name.");
  }
  const query = url.searchParams;
  const read = (name: string): string | undefined => query.get(name) ?? undefined;
  const found: PostgresOptions = {
    ...defined("schema", read("schema")),
    ...defined("partitions", wholeNumber("partitions", read("partitions"))),
    ...defined("connections", wholeNumber("connections", read("connections"))),
    ...defined("applicationName", read("application_name")),
    ...defined("prepare", oneOf("prepare", read("prepare"), ["true", "false"])?.startsWith("t")),
    ...defined("transaction", oneOf("transaction", read("transaction"), ["node", "partition"])),
  };
  for (const name of own) query.delete(name);
  const options = {
    schema: DEFAULT_SCHEMA,
    connections: postgresLimits.connections,
    ...found,
    ...given,
  };
  check(options);
  const connectionString = url.href.replace(`@${NO_HOST}/`, "@/");
  return { connectionString, shown: shownOf(url, options.schema), options };
}

function check({ schema, connections }: Address["options"]): void {
  if (!/^[a-z_][a-z0-9_]*$/.test(schema) || schema.length > postgresLimits.schemaChars) {
    throw refused(
      `A schema's name is up to ${postgresLimits.schemaChars} of a-z, 0-9 and _, and does not ` +
        `begin with a digit: ${JSON.stringify(schema)} is not.`,
    );
  }
  const most = postgresLimits.mostConnections;
  if (!Number.isInteger(connections) || connections < 1 || connections > most) {
    throw refused(`A store has 1 to ${most} connections, not ${connections}.`);
  }
}

function shownOf({ protocol, host, pathname, searchParams }: URL, schema: string): string {
  const server = searchParams.get("host") ?? decodeURIComponent(host);
  const where = `${protocol}//${server}${pathname}`;
  return schema === DEFAULT_SCHEMA ? where : `${where}?schema=${schema}`;
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw refused(`The parameter ${name} is a whole number: ${text}.`);
  return Number(text);
}

function oneOf<const T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const choice = choices.find((item) => item === text);
  if (choice === undefined) throw refused(`The parameter ${name} is ${choices.join(" or ")}.`);
  return choice;
}

function defined<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function refused(text: string): PerdureError {
  return new PerdureError("invalid-argument", text);
}
