import { postgresLimits as limits } from "./limits.js";
export class KnownRows {
    #rows = new Map();
    #isPinned;
    constructor(isPinned) {
        this.#isPinned = isPinned;
    }
    get(stream) {
        return this.#rows.get(stream);
    }
    /** The row of a stream that is not forgotten. */
    gathered(stream) {
        const row = this.#rows.get(stream);
        return row?.seq === 0 ? undefined : row;
    }
    set(stream, row) {
        this.#rows.delete(stream);
        this.#rows.set(stream, row);
        this.#trim();
    }
    delete(stream) {
        this.#rows.delete(stream);
    }
    /** Pinned rows go to the end of the line, so that a look at a few is enough. */
    #trim() {
        for (let looks = 0; looks < 8 && this.#rows.size > limits.knownStreams; looks++) {
            const [oldest] = this.#rows;
            if (oldest === undefined)
                return;
            const [stream, row] = oldest;
            this.#rows.delete(stream);
            if (!this.#isPinned(stream))
                return;
            this.#rows.set(stream, row);
        }
    }
}
//# sourceMappingURL=partition-memory.js.map