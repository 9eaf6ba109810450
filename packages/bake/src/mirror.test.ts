import { expect, it } from "vitest";
import { mirrorOf } from "./mirror.ts";

const mirrors = {
  "https://prosody.im/downloads/source/prosody-13.0.1.tar.gz": "/tmp/own.tar.gz",
  "https://prosody.im/downloads/source/": "http://127.0.0.1:8000/mirror",
  "https://prosody.im/": "http://127.0.0.1:9000/",
  "https://example.org/file": "/tmp/file",
};

it.each([
  ["https://prosody.im/downloads/source/prosody-13.0.1.tar.gz", "/tmp/own.tar.gz"],
  ["https://prosody.im/downloads/source/prosody-13.0.2.tar.gz", "http://127.0.0.1:8000/mirror/prosody-13.0.2.tar.gz"],
  ["https://prosody.im/downloads/source/", "http://127.0.0.1:8000/mirror"],
  ["https://prosody.im/else", "http://127.0.0.1:9000/else"],
  ["https://example.org/file.asc", undefined],
  ["https://example.net/", undefined],
])("%s is fetched from %s", (url, expected) => {
  expect(mirrorOf({ mirrors }, url)).toBe(expected);
});
