#!/usr/bin/env node
import http from "node:http";
import { enableCompileCache } from "node:module";

// Reading our own TypeScript is half of what a short command takes; it counts for what is imported after it.
enableCompileCache();
const { main } = await import("./main.ts");

// HTTP_PROXY, HTTPS_PROXY and NO_PROXY count for fetch as they do for the programs we run.
http.setGlobalProxyFromEnv();
process.exitCode = await main(process.argv.slice(2));
