import { bytes, numbers } from "./arrays.js";
import { loadPartition } from "./load.js";
import { renewPartition, takePartition } from "./tables/partitions.js";
import { nameBytes, streamOf, toStreamRow } from "./tables/streams.js";
const rowsOf = {
    name: "rows_of_streams",
    text: `
    SELECT s.partition, s.name, s.id, s.seq, s.crc, s.position, s.settled
    FROM unnest($1::int4[], $2::bytea[]) AS n(partition, name)
    JOIN @.streams AS s ON s.partition = n.partition AND s.name = n.name`,
};
export class Partitions {
    #database;
    #known = new Map();
    /** The epochs that this process has opened, known by heart or not. */
    #epochs = new Map();
    constructor(database) {
        this.#database = database;
    }
    get known() {
        return this.#known;
    }
    epochOf(partition) {
        return this.#epochs.get(partition);
    }
    /** Those that this process has opened and has not heard to be another's. */
    get own() {
        return [...this.#epochs.keys()];
    }
    async open(partition, claim) {
        this.forget(partition);
        const memory = await this.#database.session(async (session) => {
            await session.command("BEGIN");
            const held = await takePartition(session, partition, claim);
            const loaded = await loadPartition(session, held);
            await session.commit();
            return loaded;
        });
        this.#epochs.set(partition, memory.epoch);
        this.#known.set(partition, memory);
        return memory;
    }
    /** Undefined: the epoch is over. */
    async get(partition, epoch) {
        const known = this.#known.get(partition);
        if (known !== undefined && known.epoch >= epoch)
            return known;
        this.forget(partition);
        const memory = await this.#database.session(async (session) => {
            await session.command("BEGIN");
            const held = await renewPartition(session, partition, epoch);
            const loaded = held && (await loadPartition(session, held));
            await session.commit();
            return loaded;
        });
        if (memory === undefined)
            this.lose(partition);
        else {
            this.#epochs.set(partition, epoch);
            this.#known.set(partition, memory);
        }
        return memory;
    }
    /** What is known by heart is in doubt. */
    forget(partition) {
        this.#known.delete(partition);
    }
    /** Somebody else has opened it. */
    lose(partition) {
        this.#known.delete(partition);
        this.#epochs.delete(partition);
    }
    /** Rows that a call goes on from and that are not known by heart. */
    async lookUp(batches) {
        const wanted = new Map();
        for (const { partition, appends, settle } of batches) {
            const memory = this.#known.get(partition);
            if (memory === undefined)
                continue;
            const later = appends.filter(({ from }) => from > 1);
            for (const { stream } of [...later, ...settle]) {
                const isKnown = memory.log.tails.has(stream) || memory.rows.get(stream) !== undefined;
                if (!isKnown)
                    wanted.set(stream, memory);
            }
            // What the call itself begins is nowhere yet.
            for (const { stream, from } of appends)
                if (from === 1)
                    wanted.delete(stream);
        }
        if (wanted.size === 0)
            return;
        const partitions = [...wanted.values()].map(({ partition }) => partition);
        const names = [...wanted.keys()].map(nameBytes);
        for (const row of await this.#database.run(rowsOf, [numbers(partitions), bytes(names)])) {
            const stream = streamOf(row["name"]);
            wanted.get(stream)?.rows.set(stream, toStreamRow(row));
        }
    }
    /** Carries out what was put together; when it throws, nothing is known by heart (rule 1). */
    async write(writing, partitions) {
        try {
            await this.#database.transaction(writing.calls());
        }
        catch (error) {
            for (const partition of partitions)
                this.forget(partition);
            throw error;
        }
    }
}
//# sourceMappingURL=partitions.js.map