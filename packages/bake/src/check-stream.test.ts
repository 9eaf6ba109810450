import { describe, expect, it } from "vitest";
import { judgePlaintext, judgeRegistration, plainLogin } from "./check-stream.ts";

const closed =
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const refused =
  "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/><text>Encryption is needed</text></failure>";

it("a plain login holds name and password", () => {
  expect(plainLogin("alice", "pw")).toContain(Buffer.from("\0alice\0pw").toString("base64"));
});

describe("a plaintext login", () => {
  it.each([
    ["is refused", closed, refused, true, "TLS is required; SASL PLAIN without it: encryption-required"],
    [
      "ends the stream",
      closed,
      "</stream:stream>",
      true,
      "TLS is required; SASL PLAIN without it: the stream was closed",
    ],
    ["succeeds", closed, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", false, "took a password"],
    ["is offered", `${closed}<mechanisms><mechanism>PLAIN</mechanism></mechanisms>`, refused, false, "offers logins"],
    ["may do without TLS", closed.replace("<required/>", ""), refused, false, "does not require TLS"],
    ["meets a server without TLS", "<stream:features/>", refused, false, "does not require TLS"],
  ])("%s", (...[, features, answer, ok, detail]) => {
    const finding = judgePlaintext(features, answer);
    expect(finding.ok).toBe(ok);
    expect(finding.detail).toContain(detail);
  });
});

describe("a registration", () => {
  it.each([
    [
      "is refused",
      "<iq id='register' type='error'><error type='cancel'><not-allowed/></error></iq>",
      true,
      "not-allowed",
    ],
    [
      "is refused with a reason",
      "<iq type='error'><error type='modify'><not-acceptable/><text xmlns='x'>invitation only</text></error></iq>",
      true,
      "not-acceptable: invitation only",
    ],
    ["is taken", "<iq id='register' type='result'/>", false, "an account was made for a stranger"],
    ["ends the stream", "</stream:stream>", true, "the stream was closed"],
  ])("%s", (...[, answer, ok, detail]) => {
    expect(judgeRegistration(answer)).toEqual({ ok, detail });
  });
});
