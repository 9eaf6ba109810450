import { createServer, type RequestListener } from "node:http";
import { afterEach, expect, it } from "vitest";
import { openHttp } from "./read-http.ts";

let stop = (): void => undefined;
let asked = 0;

afterEach(() => {
  stop();
  asked = 0;
});

it("answers with status and body", async () => {
  const get = await serve((request, response) => response.writeHead(404).end(`no ${request.url}`));
  const { status, body } = await get("a/b?c");
  expect([status, body.toString()]).toEqual([404, "no /a/b?c"]);
});

it("asks again after a passing fault", async () => {
  const get = await serve((_, response) => response.writeHead(asked < 3 ? 503 : 200).end("x"));
  expect((await get("a")).status).toBe(200);
  expect(asked).toBe(3);
});

it("gives up a server that stays faulty, and does not ask it again", async () => {
  const get = await serve((_, response) => response.writeHead(500).end());
  await expect(get("a")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
  await expect(get("b")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
  expect(asked).toBe(3);
});

it("says that an answer broke off", async () => {
  const get = await serve((_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("half");
    setTimeout(() => response.destroy(), 20);
  });
  await expect(get("a")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
});

it.each(["http://127.0.0.1:1/", "http://host.invalid/"])("says that %s cannot be reached", async (address) => {
  const get = openHttp(address, { fetch, offline: false });
  await expect(get("a")).rejects.toMatchObject({
    code: "SOURCE_UNREACHABLE",
    message: expect.stringContaining(address),
  });
});

it("asks nobody when it is to work offline", async () => {
  const get = await serve((_, response) => response.end(), true);
  await expect(get("a")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
  expect(asked).toBe(0);
});

async function serve(answer: RequestListener, offline = false): Promise<ReturnType<typeof openHttp>> {
  const server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stop = () => server.close();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return openHttp(`http://127.0.0.1:${address.port}`, { fetch, offline });
}
