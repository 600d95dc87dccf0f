/** The mail server's process: SMTP on one port, its books (`/stats`, `/ledger`) on another. */
import { createService } from "./http-service.ts";
import { Ledger } from "./ledger.ts";
import { createMailService } from "./mail-service.ts";
import { announce, listen, serviceArguments } from "./process.ts";

const { ledger: file, seed } = serviceArguments();
const ledger = new Ledger(file);
const smtp = createMailService({ seed, ledger });
const books = createService({ name: "mail", seed, ledger, routes: {} });
announce({ port: await listen(books), smtpPort: await listen(smtp.server) });
