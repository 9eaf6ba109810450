#!/usr/bin/env node
import http from "node:http";
import { main } from "./main.ts";

// HTTP_PROXY, HTTPS_PROXY and NO_PROXY count for fetch as they do for the programs we run.
http.setGlobalProxyFromEnv();
process.exitCode = await main(process.argv.slice(2));
