/**
 * A network between a store and its database, which can be cut at the moments that matter.
 *
 * 1. A fault befalls the next commit, and no other statement: it is known by the name of its
 *    prepared statement, which stands in the messages as it is.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
const COMMIT = Buffer.from("perdure_append_");
/** The database is ready for the next query, and not within a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
export class CuttingProxy {
    #server;
    #target;
    #pairs = new Set();
    #fault;
    static async start(targetPort) {
        const proxy = new CuttingProxy(targetPort);
        proxy.#server.listen(0, "127.0.0.1");
        await once(proxy.#server, "listening");
        return proxy;
    }
    constructor(target) {
        this.#target = target;
        this.#server = createServer((client) => this.#connect(client));
    }
    get port() {
        return this.#server.address().port;
    }
    failNext(fault) {
        this.#fault = fault;
    }
    /** Ends all connections that are there; new ones are taken. */
    cut() {
        for (const pair of this.#pairs)
            for (const socket of pair)
                socket.destroy();
        this.#pairs.clear();
    }
    async stop() {
        this.cut();
        this.#server.close();
        await once(this.#server, "close");
    }
    #connect(client) {
        const server = connect(this.#target, "127.0.0.1");
        const pair = [client, server];
        this.#pairs.add(pair);
        const end = () => {
            this.#pairs.delete(pair);
            client.destroy();
            server.destroy();
        };
        let isSilent = false;
        client.on("data", (chunk) => {
            const fault = chunk.includes(COMMIT) ? this.#take() : undefined;
            if (fault === "lost")
                return end();
            isSilent ||= fault === "applied";
            server.write(fault === "abort" ? misnamed(chunk) : chunk);
        });
        server.on("data", (chunk) => {
            if (!isSilent)
                client.write(chunk);
            else if (chunk.includes(READY))
                end();
        });
        for (const socket of pair) {
            socket.setNoDelay(true);
            socket.on("error", end);
            socket.on("close", end);
        }
    }
    #take() {
        const fault = this.#fault;
        this.#fault = undefined;
        return fault;
    }
}
/** The last time that the statement is named is where it is called: there is none of that name. */
function misnamed(chunk) {
    const changed = Buffer.from(chunk);
    changed.write("x", changed.lastIndexOf(COMMIT));
    return changed;
}
//# sourceMappingURL=cutting-proxy.js.map