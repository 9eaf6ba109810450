// What we use of @xmpp/client 0.14, which has no types of its own.
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";

  export interface Element {
    name: string;
    attrs: Record<string, string | undefined>;
    is(name: string, xmlns?: string): boolean;
    children: (Element | string)[];
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildElements(): Element[];
    getChildText(name: string): string | null;
    text(): string;
    toString(): string;
  }

  export interface Jid {
    toString(): string;
    bare(): Jid;
  }

  /** What a server gave for logging in without the password. */
  export interface FastToken {
    mechanism: string;
  }

  export interface Credentials {
    username: string;
    password: string;
    token?: FastToken | undefined;
  }

  export interface ClientOptions {
    service: string;
    domain: string;
    username?: string;
    resource?: string;
    /** Chooses the mechanism, best of ours first, and logs in with it. */
    credentials: (
      authenticate: (credentials: Credentials, mechanism: string, userAgent?: Element) => Promise<void>,
      mechanisms: string[],
      fast?: { fetch(): Promise<FastToken | undefined> } | null,
    ) => Promise<void>;
  }

  export interface Client extends EventEmitter {
    jid: Jid | null;
    /** "online" once logged in. */
    status: string;
    /** Milliseconds for each step of a login. */
    timeout: number;
    streamManagement: EventEmitter & { enabled: boolean; id: string; inbound: number; requestAckDebounce: number };
    reconnect: { stop(): void; reconnect(): Promise<void> };
    isSecure(): boolean;
    start(): Promise<Jid>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
    iqCaller: { request(stanza: Element, patience?: number): Promise<Element> };
  }

  export function client(options: ClientOptions): Client;
  export function xml(name: string, attrs?: Record<string, string>, ...children: (Element | string)[]): Element;
}
