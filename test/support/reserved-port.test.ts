import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { reservePort } from "./reserved-port.js";

/** What another process reserves. */
async function elsewhere(): Promise<number> {
  const url = new URL("./reserved-port.js", import.meta.url).href;
  const code = `import { reservePort } from ${JSON.stringify(url)}; console.log(await reservePort());`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code]);
  return Number(stdout);
}

describe("A reserved port", () => {
  it("is given to one process only, whether something listens there or not", async () => {
    const ours = [await reservePort(), await reservePort()];
    const others = await Promise.all([elsewhere(), elsewhere()]);
    expect(new Set(ours).size).to.equal(2);
    expect(others.filter((port) => ours.includes(port))).to.deep.equal([]);
  });
});
