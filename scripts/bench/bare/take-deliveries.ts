// An HTTP server that appends whatever it is sent to a Redis stream before it answers. What ingress adds is measured
// against it.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Redis } from "ioredis";

const [url = "", stream = ""] = process.argv.slice(2);
const redis = new Redis(url);

const server = createServer(async (request, response) => {
  await redis.xadd(stream, "*", "body", await text(request));
  response.end();
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
