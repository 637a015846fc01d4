// Runs fauxqs on one address; its own program listens on all of them.
// node sqs_fauxqs.mjs APP HOST PORT
import { pathToFileURL } from "node:url";

const [app, host, port] = process.argv.slice(2);
const { buildApp } = await import(pathToFileURL(app));
const server = buildApp({ logger: false, host });
await server.listen({ host, port: Number(port) });
