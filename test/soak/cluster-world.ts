import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { Cluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import type { Relay } from "../support/relay.js";
import type { World } from "./world.js";

/** Troubles of the database are shorter. */
const STARTED_WITHIN_MS = 120_000;

/** Several gateways, one of which answers each request, and the servers that they share. */
export class ClusterWorld implements World {
  readonly network: World["network"];
  readonly chain: Relay;
  readonly troubles: World["troubles"];

  private constructor(
    private readonly cluster: Cluster,
    private readonly random: () => number,
  ) {
    const { postgres, redis, relays, staging } = cluster;
    this.network = cluster.network;
    this.chain = relays.chain;
    this.troubles = {
      "PostgreSQL ended as by a power cut": async (ms) => {
        await postgres.end("SIGQUIT");
        await sleep(ms);
        await postgres.startAgain();
      },
      "PostgreSQL restarted": async () => {
        await postgres.end("SIGINT");
        await postgres.startAgain();
      },
      "connections to PostgreSQL cut": () => {
        relays.postgres.cut();
        return Promise.resolve();
      },
      "PostgreSQL silent": (ms) => deaf(relays.postgres, ms),
      "Redis ended": async (ms) => {
        await redis.end();
        await sleep(ms);
        await redis.startAgain();
      },
      "Redis silent": (ms) => deaf(relays.redis, ms),
      ...(staging && {
        "staging ended": async (ms: number) => {
          await staging.end();
          await sleep(ms);
          await staging.startAgain();
        },
      }),
    };
  }

  static async start(gateways: number, staging: "file" | "s3", random: () => number): Promise<ClusterWorld> {
    return new ClusterWorld(await Cluster.start({ gateways, staging }), random);
  }

  /** Of any gateway. */
  readonly client = (): S3Client | undefined => {
    const clients = this.clients();
    return clients[Math.floor(this.random() * clients.length)];
  };

  readonly clients = (): readonly S3Client[] => this.cluster.running.map(({ client }) => client);

  get output(): string {
    return this.cluster.running.map(({ gateway }) => gateway.output.slice(-4_000)).join("\n");
  }

  async restart(signal: "SIGTERM" | "SIGKILL", random: () => number): Promise<number | null> {
    const n = Math.floor(random() * this.cluster.running.length);
    const code = await this.cluster.endGateway(n, signal);
    await sleep(random() * 5_000);
    // As a service manager does it: a gateway that finds no database at its start ends.
    await eventually(
      "the gateway starts again",
      () =>
        this.cluster.startGateway(n).then(
          () => true,
          () => false,
        ),
      STARTED_WITHIN_MS,
    );
    return code;
  }

  async dropCaches(): Promise<void> {
    for (const { gateway } of this.cluster.running) await gateway.dropCache();
  }

  /** Gateways come and go too often for their memory to be judged. */
  memory(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    return this.cluster.close();
  }
}

async function deaf(relay: Relay, ms: number): Promise<void> {
  relay.deaf = true;
  await sleep(ms);
  relay.deaf = false;
  relay.cut();
}
