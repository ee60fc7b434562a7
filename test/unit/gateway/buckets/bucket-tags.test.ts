import { expect } from "chai";
import { alice, as, refused, TestGateway } from "../../../support/test-gateway.js";

describe("A bucket's tags that mean something here", () => {
  let fixture: TestGateway;
  beforeEach(async () => {
    fixture = await TestGateway.build();
  });
  afterEach(() => fixture.close());

  const create = (bucket: string, key: string, value: string) =>
    fixture.gateway.buckets.create(as(alice), bucket, { tags: [{ key, value }] });

  it("have a value that there is", async () => {
    await create("layout", "cess-layout", "own-file");
    await create("name", "cess-name", "key");
    await create("others", "cess-nothing", "whatever");
  });

  it("are refused with any other value, and the answer says what is allowed", async () => {
    const layout = await refused("InvalidArgument", create("box", "cess-layout", "zip"));
    expect(layout.message).to.contain("own-file or pack");
    for (const value of ["", "Key", "token"]) {
      const name = await refused("InvalidArgument", create("box", "cess-name", value));
      expect(name.message).to.contain("cess-name must be key");
      expect(name.details.fields).to.deep.equal({ ArgumentName: "cess-name", ArgumentValue: value });
    }
  });
});
