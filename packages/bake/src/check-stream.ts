import { type Finding, bad, good } from "./check-result.ts";

export const streamHeader = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;

export const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/** SASL PLAIN as a careless client sends it. */
export function plainLogin(user: string, password: string): string {
  const secret = Buffer.from(`\0${user}\0${password}`).toString("base64");
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`;
}

/** In-band registration (XEP-0077). */
export const registration = (user: string, password: string): string =>
  `<iq type='set' id='register'><query xmlns='jabber:iq:register'><username>${user}</username><password>${password}</password></query></iq>`;

/** Patterns that tell that the answer is there. */
export const endOf = {
  features: /<\/stream:features>|<stream:features\/>/u,
  proceed: /<proceed[ /]/u,
  login: /<(?:success|failure|stream:error)[ />]/u,
  iq: /<iq[^>]*\btype=['"](?:result|error)['"]/u,
} as const;

/** Whether an unencrypted stream offers nothing but TLS, and a login on it gets nowhere. */
export function judgePlaintext(features: string, answer: string): Finding {
  if (features.includes("<mechanism>")) return bad("the server offers logins on an unencrypted stream");
  if (!/<starttls[^>]*>\s*<required\s*\/>/u.test(features)) return bad("the server does not require TLS");
  if (answer.includes("<success")) return bad("the server took a password on an unencrypted stream");
  const condition = /<(?:failure|stream:error)[^>]*>\s*<([\w-]+)/u.exec(answer)?.[1];
  return good(`TLS is required; SASL PLAIN without it: ${condition ?? "the stream was closed"}`);
}

/** Whether the answer to a registration over TLS is a refusal. */
export function judgeRegistration(answer: string): Finding {
  if (/<iq[^>]*\btype=['"]error['"]/u.test(answer)) {
    const condition = /<error[^>]*>\s*<([\w-]+)/u.exec(answer)?.[1] ?? "an error";
    const text = /<text[^>]*>([^<]*)</u.exec(answer)?.[1];
    return good(text === undefined ? condition : `${condition}: ${text}`);
  }
  if (/<iq[^>]*\btype=['"]result['"]/u.test(answer)) return bad("an account was made for a stranger");
  return good("the stream was closed");
}
