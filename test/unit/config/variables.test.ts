import { expect } from "chai";
import { loadDevConfig } from "../../../src/config/load.js";
import { isServiceVariable, unknownVariables } from "../../../src/config/variables.js";

describe("Environment variables", () => {
  it("lets Kubernetes' variables for a service named cess-s3 be, and takes none of them for its own", () => {
    const service = {
      CESS_S3_SERVICE_HOST: "10.0.0.1",
      CESS_S3_SERVICE_PORT: "9000",
      CESS_S3_SERVICE_PORT_S3: "9000",
      CESS_S3_PORT: "tcp://10.0.0.1:9000",
      CESS_S3_PORT_9000_TCP: "tcp://10.0.0.1:9000",
      CESS_S3_PORT_9000_TCP_PROTO: "tcp",
      CESS_S3_PORT_9000_TCP_PORT: "9000",
      CESS_S3_PORT_9000_TCP_ADDR: "10.0.0.1",
      CESS_S3_ADMIN_SERVICE_HOST: "10.0.0.2",
      CESS_S3_ADMIN_PORT_9001_TCP_ADDR: "10.0.0.2",
      CESS_S3_DEV_PORT: "tcp://10.0.0.3:9944",
    };
    expect(unknownVariables(service)).to.deep.equal([]);
    expect(loadDevConfig(service).port).to.equal(undefined);
    // What an operator might have meant for `listen` is no address of a service.
    expect(unknownVariables({ CESS_S3_PORT: "9000" })[0]).to.match(/^CESS_S3_PORT: there is no such variable/);
    expect(isServiceVariable("CESS_S3_DEV_PORT", "9944")).to.equal(false);
  });

  it("takes the variables of every command at every command", () => {
    const all = { CESS_S3_NODE_LISTEN: "127.0.0.1:1", CESS_S3_DEV_NODES: "14", CESS_S3_CONFIG: "", OTHER: "x" };
    expect(unknownVariables(all)).to.deep.equal([]);
    expect(() => loadDevConfig({ CESS_S3_DEV_NODE: "13" })).to.throw("did you mean CESS_S3_DEV_NODES?");
  });
});
