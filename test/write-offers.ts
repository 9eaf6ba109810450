// Writes the table of what a server offers into the image's README, from the data of the test that proves it.
import { writeFile } from "node:fs/promises";
import { renewOffers } from "./fixtures/compliance/offers.ts";

const { file, renewed } = await renewOffers();
await writeFile(file, renewed);
