/**
 * The store port on one PostgreSQL database.
 *
 * Safety is the database's: a transaction asks the row of each of its partitions for epoch,
 * incarnation and batch, and is nothing if one is not as this process believes. All that is known
 * by heart rests on that, and is thrown away when it turns out to be wrong.
 */
import { limits, PerdureError } from "@perdure/kernel";
import { parseAddress } from "./address.js";
import { Committer } from "./commit/committer.js";
import { Turns } from "./commit/turns.js";
import { Database } from "./database.js";
import { factsOf } from "./facts.js";
import { postgresLimits } from "./limits.js";
import { migrate } from "./migrations/index.js";
import { Partitions } from "./partitions.js";
import { operatingError } from "./postgres-error.js";
import { prune } from "./prune.js";
import { Reader } from "./reader.js";
import { count, search, versions } from "./search.js";
import { settlePartitions, settlePlace } from "./settings.js";
import { readBlobs } from "./tables/blobs.js";
import { putLinks } from "./tables/log.js";
import { beat } from "./tables/nodes.js";
import { awakeStreams } from "./tables/streams.js";
import { lastBatchOf, releasePartition, sealPartition } from "./tables/partitions.js";
import { Upkeep } from "./upkeep.js";
export class PostgresStore {
    partitions;
    databases;
    #database;
    #partitions;
    #turns;
    #reader;
    #upkeep;
    #closed;
    /** Brings the schema up to date, or makes it. `address`: `postgres://user:password@host/name`. */
    static async open(address, options = {}) {
        const parsed = parseAddress(address, options);
        const database = new Database(parsed);
        try {
            await migrate(database);
            const partitions = await settlePartitions(database, parsed.options.partitions);
            return new PostgresStore(database, parsed, partitions);
        }
        catch (error) {
            await database.close();
            throw operatingError(error);
        }
    }
    constructor(database, { options }, partitions) {
        this.partitions = partitions;
        this.databases = options.transaction === "partition" ? partitions : 1;
        this.#database = database;
        this.#partitions = new Partitions(database);
        const parts = { database, partitions: this.#partitions };
        const committer = new Committer({ ...parts, applied: (calls) => this.#applied(calls) });
        // One connection is left for what is read and for signs of life.
        const width = Math.max(1, options.connections - 1);
        this.#turns = new Turns(width, committer.carryOut);
        this.#reader = new Reader({ ...parts, turns: this.#turns, count: partitions });
        const { logBytes = limits.storeLogBytes } = options;
        const { unsettledStreams = limits.storeUnsettledStreams } = options;
        this.#upkeep = new Upkeep({ ...parts, turns: this.#turns, logBytes, unsettledStreams });
    }
    databaseOf(partition) {
        return this.databases === 1 ? 0 : partition;
    }
    open(partition, claim) {
        return this.#use(() => this.#turns.alone([partition], async () => {
            return this.#opened(await this.#partitions.open(partition, claim));
        }));
    }
    release(partition, epoch) {
        return this.#use(() => releasePartition(this.#database, partition, epoch));
    }
    seal(partition, epoch, seal) {
        return this.#use(() => sealPartition(this.#database, partition, epoch, seal));
    }
    beat(node, gone = []) {
        return this.#use(async () => {
            const view = await beat(this.#database, node, gone);
            // What is known by heart of a partition is of no use when another has it.
            for (const { partition, epoch } of view.partitions) {
                if (epoch > (this.#partitions.epochOf(partition) ?? epoch)) {
                    await this.#turns.look(partition, () => this.#partitions.lose(partition));
                }
            }
            return view;
        });
    }
    commit(batches) {
        return this.#use(() => this.#turns.commit(batches));
    }
    outcome(partition, number, epoch) {
        return this.#use(() => this.#turns.alone([partition], async () => {
            // What may still be under way is either known to be applied then, or will never be.
            const own = this.#partitions.epochOf(partition);
            if (own !== undefined)
                await this.#partitions.get(partition, own);
            const last = await this.#database.session((session) => lastBatchOf(session, partition, epoch));
            return number <= last ? "applied" : "lost";
        }));
    }
    read(stream, from, limit = Infinity) {
        return this.#use(() => this.#reader.read(stream, from, limit));
    }
    blobs(partition, hashes) {
        return this.#use(() => readBlobs(this.#database, partition, hashes));
    }
    streams(prefix, limit, after) {
        return this.#use(() => this.#reader.streams(prefix, limit, after));
    }
    alarms(partition, before, limit) {
        return this.#use(() => this.#reader.alarms(partition, before, limit));
    }
    search(query) {
        return this.#use(() => search(this.#ask, query));
    }
    count(query) {
        return this.#use(() => count(this.#ask, query));
    }
    versions(namespace) {
        return this.#use(() => versions(this.#ask, namespace));
    }
    /** Only in partitions that this process has opened: the streams of another are its owner's. */
    prune(now, limit, partitions) {
        return this.#use(() => {
            const { own } = this.#partitions;
            const asked = partitions === undefined ? own : own.filter((n) => partitions.includes(n));
            const parts = { database: this.#database, partitions: this.#partitions, turns: this.#turns };
            return prune(parts, now, Math.min(limit, limits.pageRows), asked);
        });
    }
    /** Rows are written with the commit that has them. */
    flush() {
        return this.#use(() => this.#turns.idle());
    }
    delivered(deliveries) {
        return this.#use(async () => {
            const entries = deliveries.map(({ from, to, seq }) => ({
                partition: from,
                peer: to,
                sent: 0,
                mark: 0,
                delivered: seq,
            }));
            if (entries.length === 0)
                return;
            const { statement, values } = putLinks(entries);
            await this.#database.run(statement, values);
            for (const { from, to, seq } of deliveries) {
                await this.#turns.look(from, () => {
                    this.#partitions.known.get(from)?.log.links.confirm(to, { from, seq });
                });
            }
            this.#upkeep.stir();
        });
    }
    place(wanted) {
        return this.#use(() => settlePlace(this.#database, wanted));
    }
    facts() {
        return this.#use(() => factsOf(this.#database, this.#partitions, this.partitions));
    }
    close() {
        this.#closed ??= this.#close();
        return this.#closed;
    }
    async #close() {
        await this.#upkeep.stop();
        await this.#turns.idle();
        await this.#database.close();
    }
    async #opened({ partition, epoch, owner, log }) {
        const awake = await awakeStreams(this.#database, partition);
        const names = new Set([...awake, ...log.tails.keys()]);
        return {
            epoch,
            lastBatch: owner.lastBatch,
            streams: [...names],
            outbox: log.links.waitingOf(partition),
            marks: log.links.marksOf(partition),
            sent: log.links.sentBy(partition),
        };
    }
    /** Senders in this process hear at once of what their receivers have applied. */
    #applied(calls) {
        for (const { batches } of calls) {
            for (const { partition, marks } of batches) {
                for (const mark of marks) {
                    this.#partitions.known.get(mark.from)?.log.links.confirm(partition, mark);
                }
            }
        }
        this.#upkeep.stir();
    }
    #ask = (statement, values) => this.#database.session((session) => session.run(statement, values, postgresLimits.longAnswerMs));
    async #use(work) {
        if (this.#closed !== undefined) {
            throw new PerdureError("closed", "The store is closed: open it again.");
        }
        try {
            return await work();
        }
        catch (error) {
            throw operatingError(error);
        }
    }
}
//# sourceMappingURL=postgres-store.js.map