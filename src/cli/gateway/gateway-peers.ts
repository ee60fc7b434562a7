import type { Config } from "../../config/config.js";
import type { Encoder } from "../../encoding/encoder.js";
import { systemClock } from "../../async/system-clock.js";
import type { GatewayRegister } from "../../network/chain/gateway-register.js";
import { GatewayPeers } from "../../peers/gateway-peers.js";

/** The other gateways that reads ask; undefined when none is configured, neither by URL nor from the chain. */
export function gatewayPeers(
  { peers, allowPrivateNodes }: Config,
  register: GatewayRegister,
  encoder: Encoder,
): GatewayPeers | undefined {
  if (peers.endpoints.length === 0 && !peers.fromChain) return undefined;
  const verify = (bytes: Uint8Array, hash: Parameters<Encoder["verify"]>[1]) => encoder.verify(bytes, hash);
  return new GatewayPeers(
    { clock: systemClock, verify, ...(peers.fromChain && { register }) },
    { endpoints: peers.endpoints, allowPrivate: allowPrivateNodes },
  );
}
