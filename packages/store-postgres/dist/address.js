/** Where a store is: an address of PostgreSQL, with the store's own options among its parameters. */
import { PerdureError } from "@perdure/kernel";
import { postgresLimits } from "./limits.js";
const DEFAULT_SCHEMA = "perdure";
const own = ["schema", "partitions", "connections", "transaction", "prepare", "application_name"];
/** Options given beside the address win over its parameters. */
export function parseAddress(address, given = {}) {
    const url = URL.parse(address);
    if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
        throw refused("The address of a PostgreSQL store is postgres://user:password@host:5432/name.");
    }
    const query = url.searchParams;
    const read = (name) => query.get(name) ?? undefined;
    const found = {
        ...defined("schema", read("schema")),
        ...defined("partitions", wholeNumber("partitions", read("partitions"))),
        ...defined("connections", wholeNumber("connections", read("connections"))),
        ...defined("applicationName", read("application_name")),
        ...defined("transaction", oneOf("transaction", read("transaction"), ["node", "partition"])),
        ...defined("prepare", oneOf("prepare", read("prepare"), ["true", "false"])?.startsWith("t")),
    };
    for (const name of own)
        query.delete(name);
    const options = {
        schema: DEFAULT_SCHEMA,
        connections: postgresLimits.connections,
        ...found,
        ...given,
    };
    check(options);
    return { connectionString: url.href, shown: shownOf(url, options.schema), options };
}
function check({ schema, connections }) {
    if (!/^[a-z_][a-z0-9_]*$/.test(schema) || schema.length > postgresLimits.schemaChars) {
        throw refused(`A schema's name is up to ${postgresLimits.schemaChars} of a-z, 0-9 and _, and does not ` +
            `begin with a digit: ${JSON.stringify(schema)} is not.`);
    }
    const most = postgresLimits.mostConnections;
    if (!Number.isInteger(connections) || connections < 1 || connections > most) {
        throw refused(`A store has 1 to ${most} connections, not ${connections}.`);
    }
}
function shownOf({ protocol, host, pathname }, schema) {
    const where = `${protocol}//${decodeURIComponent(host)}${pathname}`;
    return schema === DEFAULT_SCHEMA ? where : `${where}?schema=${schema}`;
}
function wholeNumber(name, text) {
    if (text === undefined)
        return undefined;
    if (!/^\d{1,9}$/.test(text))
        throw refused(`The parameter ${name} is a whole number: ${text}.`);
    return Number(text);
}
function oneOf(name, text, choices) {
    if (text === undefined)
        return undefined;
    const choice = choices.find((item) => item === text);
    if (choice === undefined)
        throw refused(`The parameter ${name} is ${choices.join(" or ")}.`);
    return choice;
}
function defined(key, value) {
    return (value === undefined ? {} : { [key]: value });
}
function refused(text) {
    return new PerdureError("invalid-argument", text);
}
//# sourceMappingURL=address.js.map