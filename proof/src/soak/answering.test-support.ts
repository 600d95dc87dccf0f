/** A process that is asked how it is, and says so. */
process.on("message", () => process.send?.("well"));
process.once("disconnect", () => process.exit(0));
process.send?.("ready");
