export * from "./manifest.ts";
export type { Plan, ShippedModule, Target, UnshippedModule } from "./target.ts";
