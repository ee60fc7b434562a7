import { RequestServer } from "../gateway/request-server.js";
import { openProcessLog } from "../log/logger.js";
import { loadedFrom } from "./loaded-from.js";
import type { ChildRole, StartMessage, Tell, ToChild } from "./messages.js";

/** A request process: the S3 listener. It loads neither the chain's client nor the encoders. */
export async function startRequestProcess(
  { config, index, processes, socket }: StartMessage,
  tell: Tell,
): Promise<ChildRole> {
  const { log, dropped } = openProcessLog(config);
  const server = await RequestServer.start(config, { log, droppedLines: dropped }, { index, processes }, socket);
  const obey = async (message: ToChild): Promise<void> => {
    switch (message.kind) {
      case "reload":
        await server.reload(loadedFrom(message.loaded));
        {
          tell({ kind: "reloaded" });
          return;
        }
      case "drain":
        await server.close(message.atOnce);
        process.exit(0);
    }
  };
  return { urls: { s3: server.endpoint }, obey };
}
