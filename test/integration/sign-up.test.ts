import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { AuditRecord } from "../../src/admin/audit-log.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { systemClock } from "../../src/async/system-clock.js";
import { Accounts } from "../../src/cli/gateway/accounts.js";
import { signUpHandler } from "../../src/cli/gateway/sign-up.js";
import { signUpSchema } from "../../src/config/sign-up.js";
import { startDevChain, type DevChain } from "../../src/devnet/chain/dev-chain.js";
import { signerFromMnemonic, type Signer } from "../../src/network/chain/accounts.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { NodeReporter } from "../../src/network/chain/node-reporter.js";
import { Provisioning } from "../../src/network/chain/provisioning.js";
import { authorizationMessage, authorizationPayload } from "../../src/network/chain/proxy-authorization.js";
import { ethereumSigner } from "../../src/network/chain/wallets.js";
import { cessS3 } from "../support/command.js";
import { configured, devAccount } from "../support/identity-endpoint.js";
import { ethereumSignature } from "../support/sign-up-endpoint.js";
import { testKeys } from "../support/test-keys.js";

const TOKEN = 10n ** 18n;
const OWNER = "//Owner";

describe("Sign-up with a wallet on the dev network", function () {
  this.timeout(120_000);

  for (const spec of [136, 133, 100] as const)
    describe(`of spec ${spec}`, () => {
      let folder: string;
      let devChain: DevChain;
      let session: ChainSession;
      let chain: CessChain;
      let owner: Signer;
      let node: NodeReporter;
      let catalog: Catalog;
      let accounts: Accounts;
      let server: Server;
      const acts: AuditRecord[] = [];

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), "sign-up-"));
        const [gateway, first, miner] = await Promise.all(["//Gateway", OWNER, "//Node"].map(signerFromMnemonic));
        owner = first!;
        const balances = Object.fromEntries(
          [gateway!, owner, miner!].map(({ account }) => [account, 1_000_000n * TOKEN]),
        );
        devChain = await startDevChain(
          {},
          { folder: join(folder, "chain"), port: 0, blockMs: 100, spec, genesis: { balances } },
        );
        session = new ChainSession({ endpoints: [devChain.endpoint] });
        chain = new CessChain({ session, signer: gateway! });
        node = new NodeReporter({ session, signer: miner! });
        await node.register({ endpoint: "http://127.0.0.1:9100", spaceTib: 1 });
        const provisioning = new Provisioning({ session, owner });
        await provisioning.territory({ name: "photos", sizeGib: 1, days: 30 });
        provisioning.close();
        catalog = await openSqliteCatalog(
          { clock: systemClock, sealer: testKeys },
          { path: join(folder, "catalog.sqlite") },
        );
        accounts = new Accounts(configured([devAccount]), testKeys);
        await accounts.load(catalog);
        const signUp = signUpSchema.parse({ enabled: true, gateway: "127.0.0.1", authorizationsPerDay: 5 });
        const handler = await signUpHandler(
          { signUp, region: "us-east-1", trustProxy: false },
          {
            services: { catalog, chain, keys: testKeys, session },
            accounts,
            audit: { record: (act) => Promise.resolve(void acts.push(act)) },
            log: { warn: () => undefined },
          },
          () => "http://127.0.0.1:9000",
        );
        server = createServer(
          (request, response) => void handler?.handle(request, response, AbortSignal.timeout(60_000)),
        );
        await once(server.listen(0, "127.0.0.1"), "listening");
      });
      after(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        await catalog.close();
        await Promise.all([chain.close(), node.close()]);
        await session.close();
        await devChain.close();
        await rm(folder, { recursive: true });
      });

      const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const login = async (...more: string[]) => {
        const wallet = join(folder, "wallet");
        await writeFile(wallet, OWNER);
        return cessS3(["login", "--gateway", url(), "--mnemonic-file", wallet, ...more]);
      };

      // The program itself, of which the shapes of the chain are no part.
      const atNewest = spec === 136 ? it : undefined;
      atNewest?.("signs nothing without being told to, nor a challenge of a gateway with another name", async () => {
        const silent = await login("--print", "json");
        expect([silent.code, silent.stdout]).to.deep.equal([1, ""]);
        expect(silent.stderr).to.contain("nothing was signed: there is no terminal to ask at");
        const other = await login("--yes", "--name", "s3.example.com");
        expect(other.stderr).to.contain("the challenge is for a gateway named 127.0.0.1, not s3.example.com");
        expect(await catalog.identities.accounts()).to.deep.equal([]);
        expect(await chain.authorized(owner.account)).to.equal(false);
      });

      it("brings a wallet to a key in a profile, and to an authorization that the gateway pays", async () => {
        const credentials = join(folder, "credentials");
        await writeFile(credentials, "[default]\naws_access_key_id = OTHER\n", { mode: 0o644 });
        const free = await session.reader.freeTokens(owner.account);
        const { code, stderr, stdout } = await login("--yes", "--credentials", credentials, "--profile", "photos");
        expect(code, stderr).to.equal(0);
        expect(stderr).to.contain("Purpose: make an S3 access key").and.to.contain("Authorized.");
        expect(stderr).to.contain(`Chain: ${await session.genesis()}`);
        expect(await chain.authorized(owner.account)).to.equal(true);
        expect(await session.reader.freeTokens(owner.account)).to.equal(free);
        const text = await readFile(credentials, "utf8");
        const [, id = "", secret = ""] =
          /\[photos\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)\nregion = us-east-1\nendpoint_url = (\S+)\n/.exec(
            text,
          ) ?? [];
        expect(text).to.contain("[default]\naws_access_key_id = OTHER\n");
        expect((await stat(credentials)).mode & 0o777).to.equal(0o600);
        expect(stdout).not.to.contain(secret);
        const key = await accounts.lookup(id);
        expect(key?.secretAccessKey).to.equal(secret);
        expect(key?.account).to.include({ cessAccount: owner.account, territory: "photos" });
        expect(acts.map(({ act }) => act)).to.deep.equal(["sign up", "create key", "authorize"]);
      });

      it("prints a further key for a shell, and has nothing left to authorize", async () => {
        const { stdout, stderr } = await login("--yes", "--print", "env");
        expect(stdout).to.match(/^export AWS_ACCESS_KEY_ID='CESS[A-Z2-7]{16}'$/m);
        expect(stdout).to.match(/^export AWS_ENDPOINT_URL='http:\/\/127\.0\.0\.1:9000'$/m);
        expect(stderr).not.to.contain("authorized the gateway");
      });

      it("submits what an Ethereum key has signed where the runtime takes it", async () => {
        const payload = authorizationPayload(chain.account, await chain.finalizedBlock());
        const signature = ethereumSignature(5, authorizationMessage(payload));
        const { account } = ethereumSigner(authorizationMessage(payload), signature)!;
        expect(await chain.takesAuthorizations("ethereum")).to.equal(spec !== 100);
        if (spec === 100) return;
        await chain.authorizeByProxy({ account, type: "ethereum", payload, signature });
        expect(await chain.authorized(account)).to.equal(true);
      });
    });
});
