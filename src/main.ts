#!/usr/bin/env node
import { Command } from "commander";
import { runDev } from "./cli/dev.js";
import { runFid } from "./cli/fid.js";
import { runNode } from "./cli/node.js";
import { runServe } from "./cli/serve.js";
import { explain } from "./cli/explain.js";

const program = new Command("cess-s3").description("S3-compatible gateway to the CESS decentralized storage network");

program
  .command("dev")
  .description("run the gateway on a CESS network in a box: for development and tests")
  .action(() => runDev());

program
  .command("serve")
  .description("run the gateway against a CESS chain")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .action((options: { config?: string }) => runServe(options.config));

program
  .command("node")
  .description("run one storage node")
  .option("-c, --config <file>", "configuration file (YAML)")
  .action((options: { config?: string }) => runNode(options.config));

program
  .command("fid")
  .description("print the FID of a local file")
  .argument("<file>")
  .option("--cipher <text>", "encrypt as DeOSS does (cess-cbc) with this text of 1 to 32 bytes")
  .option("--json", "print segment and fragment hashes too, as JSON")
  .action((file: string, options: { cipher?: string; json?: boolean }) => runFid(file, options));

program.parseAsync().catch((error: unknown) => {
  console.error(`cess-s3: ${explain(error)}`);
  process.exit(1);
});
