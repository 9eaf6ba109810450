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

  export interface ClientOptions {
    service: string;
    domain: string;
    username?: string;
    resource?: string;
    /** Chooses the mechanism, best of ours first, and logs in with it. */
    credentials: (
      authenticate: (credentials: { username: string; password: string }, mechanism: string) => Promise<void>,
      mechanisms: string[],
    ) => Promise<void>;
  }

  export interface Client extends EventEmitter {
    jid: Jid | null;
    /** "online" once logged in. */
    status: string;
    /** Milliseconds for each step of a login. */
    timeout: number;
    reconnect: { stop(): void };
    isSecure(): boolean;
    start(): Promise<Jid>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
    iqCaller: { request(stanza: Element, patience?: number): Promise<Element> };
  }

  export function client(options: ClientOptions): Client;
  export function xml(name: string, attrs?: Record<string, string>, ...children: (Element | string)[]): Element;
}
